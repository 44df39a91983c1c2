// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tepui/tepui/resource"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"white space", " \t\n ;; ", ""},
		{"one of each", "cpus:4;mem:8192;ports:[31000-32000];disk(role):100;zones:{a,b}", "cpus:4;disk(role):100;mem:8192;ports:[31000-32000];zones:{a,b}"},
		{"spaces everywhere", " cpus : .5 ; ports ( eng ) : [ 1 - 2 , 4 ] ; zones : { a , \"b c\" } ", `cpus:0.5;ports(eng):[1-2,4-4];zones:{a,"b c"}`},
		{"summed", "cpus:1;cpus:2.5", "cpus:3.5"},
		{"zero is nothing", "cpus:0;mem:0.0001;ports:[];zones:{}", ""},
		{"default role", "cpus(*):1", "cpus:1"},
		{"exponent", "cpus:1e3", "cpus:1000"},
		{"ports in any order", "ports:[5-6,1-2,3-4]", "ports:[1-6]"},
		{"all numbers", "ports:[0-18446744073709551615]", "ports:[0-18446744073709551615]"},
		{"quoted names", `zones:{"",",","\"","é",b}`, `zones:{"","\"",",",b,é}`},
		{"static as JSON", `cpus{"reservations":[{"role":"ops","type":"STATIC"}]}:1`, "cpus(ops):1"},
		{"the old form as JSON", `cpus{"role":"ops"}:1`, "cpus(ops):1"},
		{"an empty disk", `disk{"disk":{}}:1`, "disk:1"},
		{"an empty object", `disk{}:1`, "disk:1"},
		{"revocable", `cpus { "revocable" : {} } : 1`, `cpus{"revocable":{}}:1`},
		{"provider", `disk{"provider_id":{"value":"p"}}:1`, `disk{"provider_id":{"value":"p"}}:1`},
		{"a role with odd characters", `cpus{"role":"a;b"}:1`, `cpus{"reservations":[{"type":"STATIC","role":"a;b"}]}:1`},
		{"JSON", `[{"name":"cpus","type":"SCALAR","scalar":{"value":2}},{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":1,"end":2}]},"role":"ops"}]`, "cpus:2;ports(ops):[1-2]"},
		{"empty JSON", " []", ""},
	} {
		got, err := resource.Parse(tc.in)
		if err != nil || got.String() != tc.want {
			t.Errorf("%s: Parse = %v, %v, want %s", tc.name, got, err, tc.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{":1", `resource: name: "": must not be empty`},
		{"cpus", `resource: cpus: "": must be followed by ":" and a value`},
		{"cpus 4", `resource: name: "cpus 4": must not contain white space or control characters`},
		{"cpus:", `resource: cpus: "": must be a number, [ranges] or {names}`},
		{"cpus:x", `resource: cpus: "x": must be a number, [ranges] or {names}`},
		{"cpus:1,2", `resource: cpus: "1,2": must be a number, [ranges] or {names}`},
		{"cpus:NaN", `resource: cpus: "NaN": must be a number, [ranges] or {names}`},
		{"cpus:0x1p4", `resource: cpus: "0x1p4": must be a number, [ranges] or {names}`},
		{"cpus:-1", `resource: cpus: -1: must be a number from 0 to 1000000000000`},
		{"cpus:1e300", `resource: cpus: 1e+300: must be a number from 0 to 1000000000000`},
		{"mem:900000000000;mem:900000000000", "resource: mem: 1800000000000: must not exceed 1000000000000 in sum"},
		{"cpus:[1-2]", "resource: cpus: type RANGES: must be SCALAR"},
		{"ports:5", "resource: ports: type SCALAR: must be RANGES"},
		{"ports:[1-2", `resource: ports: "1-2": ranges must end with "]"`},
		{"ports:[a-b]", `resource: ports: "a-b": must be a range such as 31000-32000`},
		{"ports:[1-]", `resource: ports: "1-": must be a range such as 31000-32000`},
		{"ports:[-1]", `resource: ports: "-1": must be a range such as 31000-32000`},
		{"ports:[1,]", `resource: ports: "": must be a range such as 31000-32000`},
		{"ports:[18446744073709551616]", `resource: ports: "18446744073709551616": must be a range such as 31000-32000`},
		{"ports:[5-1]", "resource: ports: 5-1: must not begin after its end"},
		{"ports:[1-5,3-9]", "resource: ports: 3-3: must not be there twice"},
		{"ports:[1-5];ports:[5]", "resource: ports: 5-5: must not be there twice"},
		{"ports:[1]x", `resource: ports: "x": must be followed by ";" or the end`},
		{"zones:{a,a}", "resource: zones: {a}: must not be there twice"},
		{"zones:{a", `resource: zones: "": names must be separated by "," and end with "}"`},
		{"zones:{a b c", `resource: zones: "": names must be separated by "," and end with "}"`},
		{"zones:{,}", `resource: zones: ",}": a name without quotes must not be empty`},
		{`zones:{"a}`, `resource: zones: "\"a}": a name without quotes must not be empty`},
		{`zones:{"\xff"}`, `resource: zones: "\xff": must be a quoted name in UTF-8`},
		{"cpus(ops:1", `resource: cpus: "ops:1": a role must end with ")"`},
		{"cpus():1", `resource: cpus: reservations[0].role "": must not be empty`},
		{"cpus(a b):1", `resource: cpus: reservations[0].role "a b": must not contain white space or control characters`},
		{"cpus(a//b):1", `resource: cpus: reservations[0].role "a//b": must not begin or end with "/" or contain "//"`},
		{`cpus{"role":"ops"`, `resource: cpus: "{\"role\":\"ops\"": must be a JSON object: unexpected EOF`},
		{`cpus{"name":"mem"}:1`, `resource: cpus: "{\"name\":\"mem\"}:1": must only have reservations, disk, revocable, shared and provider_id`},
		{`cpus{"disk":{"persistence":{"id":"v"}}}:1`, "resource: cpus: disk set: must only be set for the resource disk"},
		{`disk{"disk":{"persistence":{}}}:1`, "resource: disk: disk.persistence.id unset: must be set"},
		{`disk{"disk":{"persistence":{"id":"../v"}}}:1`, `resource: disk: disk.persistence.id "../v": must not contain "/" or "\"`},
		{`disk{"shared":{}}:1`, "resource: disk: shared set: must only be set for a persistent volume"},
		{`disk{"provider_id":{"value":""}}:1`, `resource: disk: provider_id "": must not be empty`},
		{`[{"name":"cpus"`, `resource: text: "[{\"name\":\"cpus\"": must be a JSON array of resources: unexpected end of JSON input`},
		{`[{"name":"cpus","type":"SCALAR","scalar":{"value":-1}}]`, "resource: resources[0] cpus: -1: must be a number from 0 to 1000000000000"},
	} {
		got, err := resource.Parse(tc.in)
		var invalid *resource.InvalidError
		if !errors.As(err, &invalid) || err.Error() != tc.want || !got.IsEmpty() {
			t.Errorf("Parse(%q) = %v, %v\nwant error %s", tc.in, got, err, tc.want)
		}
	}
}

// What comes from a JSON library is not word for word the same each time.
func TestParseRefusesBadJSON(t *testing.T) {
	for _, in := range []string{
		`cpus{"nonsense":1}:1`,
		`cpus{"disk":1}:1`,
		`[{"name":"cpus","type":"SCALAR","scalar":{"value":"x"}}]`,
		`[{"nonsense":1}]`,
		`[{}]`,
		`[1]`,
	} {
		_, err := resource.Parse(in)
		var invalid *resource.InvalidError
		if !errors.As(err, &invalid) || invalid.Item == "" || invalid.Rule == "" {
			t.Errorf("Parse(%q): %v, want an InvalidError with item and rule", in, err)
		}
	}
}

func TestErrorsStayShort(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, in := range []string{
		long, long + ":1", "cpus:" + long, "cpus(" + long, "cpus(" + long + "):1", "zones:{" + long + "",
		"ports:[" + long + "]", `cpus{"role":"` + long + `"}:1`, "[" + long, `cpus{"` + long + `":1}:1`,
	} {
		if _, err := resource.Parse(in); err == nil || len(err.Error()) > 1000 {
			t.Errorf("Parse(%.20q…): error %.100v of %d bytes", in, err, len(err.Error()))
		}
	}
}

func TestMustParsePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("MustParse of nonsense did not panic")
		}
	}()
	resource.MustParse("nonsense")
}

// Whatever is accepted can be printed, read again and sent.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"cpus:4;mem:8192;ports:[31000-32000];disk(role):100;zones:{a,b}",
		`disk{"disk":{"persistence":{"id":"v"}},"shared":{}}:100`,
		`cpus{"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b","principal":"p"}]}:1.5`,
		`zones:{"a;b",c}`,
		`[{"name":"cpus","type":"SCALAR","scalar":{"value":2}}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := resource.Parse(text)
		if err != nil {
			return
		}
		back, err := resource.Parse(r.String())
		if err != nil || !back.Equal(r) {
			t.Fatalf("%q is %v, read back as %v, %v", text, r, back, err)
		}
		back, err = resource.FromProto(r.Proto())
		if err != nil || !back.Equal(r) {
			t.Fatalf("%q is %v, over the wire %v, %v", text, r, back, err)
		}
	})
}
