// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"

	mesos "github.com/tepui/tepui/api/v1"
)

// Parse reads resources from text:
//
//	cpus:4;mem:8192;ports:[31000-32000,33000-33000];disk(role):100;zones:{a,b}
//
// An item is a name, what sets it apart, a colon and a value; items are
// separated by semicolons, and white space between the parts does not matter.
// What sets an item apart is nothing, a role in parentheses for which it is
// statically reserved ("*" is no role), or a JSON object with any of the
// members reservations, disk, revocable, shared and provider_id of a Resource
// message. A value is a number, ranges in brackets, or names in braces, which
// may be quoted as in Go. Items with the same identity are summed.
//
// Text that begins with "[" is instead a JSON array of Resource messages. The
// error is an *InvalidError.
func Parse(text string) (Resources, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		return parseJSON(text)
	}
	p := parser{rest: text}
	var items []item
	for {
		p.skip()
		switch {
		case p.rest == "":
			return canonical(items)
		case p.eat(';'):
			continue
		}
		m, err := p.item()
		if err != nil {
			return Resources{}, err
		}
		it, bad := itemFromProto(m)
		if bad != nil {
			return Resources{}, bad
		}
		items = append(items, it)
		p.skip()
		if p.rest != "" && !p.eat(';') {
			return Resources{}, &InvalidError{m.GetName(), p.near(), `must be followed by ";" or the end`}
		}
	}
}

// MustParse is Parse for texts that are known to be right, such as those in
// tests. It panics on an error.
func MustParse(text string) Resources {
	r, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return r
}

// parseJSON reads a JSON array of Resource messages.
func parseJSON(text string) (Resources, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal([]byte(text), &elements); err != nil {
		return Resources{}, &InvalidError{"text", fmt.Sprintf("%.80q", text), "must be a JSON array of resources: " + cut(err.Error())}
	}
	ms := make([]*mesos.Resource, len(elements))
	for i, e := range elements {
		ms[i] = new(mesos.Resource)
		if err := protojson.Unmarshal(e, ms[i]); err != nil {
			return Resources{}, &InvalidError{fmt.Sprintf("resources[%d]", i), fmt.Sprintf("%.80q", e), "must be a Resource message: " + cut(err.Error())}
		}
	}
	return FromProto(ms)
}

// parser reads the text form from the front of rest.
type parser struct {
	rest string
}

// skip drops white space.
func (p *parser) skip() {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
}

// eat drops one character if it comes next.
func (p *parser) eat(c byte) bool {
	if p.rest != "" && p.rest[0] == c {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

// upTo takes what stands before the first of any of the stops, without the
// white space around it.
func (p *parser) upTo(stops string) string {
	i := strings.IndexAny(p.rest, stops)
	if i < 0 {
		i = len(p.rest)
	}
	s := strings.TrimSpace(p.rest[:i])
	p.rest = p.rest[i:]
	return s
}

// near quotes what comes next, for an error.
func (p *parser) near() string {
	return fmt.Sprintf("%.40q", p.rest)
}

// item reads one item as a message, which FromProto has yet to check.
func (p *parser) item() (*mesos.Resource, error) {
	name := p.upTo(special)
	if err := checkName(name); err != nil {
		return nil, err
	}
	m := new(mesos.Resource)
	if err := p.traits(name, m); err != nil {
		return nil, err
	}
	m.Name = &name
	p.skip()
	if !p.eat(':') {
		return nil, &InvalidError{name, p.near(), `must be followed by ":" and a value`}
	}
	p.skip()
	switch {
	case p.eat('['):
		return m, p.ranges(m)
	case p.eat('{'):
		return m, p.set(m)
	default:
		return m, p.scalar(m)
	}
}

// traits reads what may stand between name and colon.
func (p *parser) traits(name string, m *mesos.Resource) error {
	switch {
	case p.eat('('):
		role := p.upTo(")")
		if !p.eat(')') {
			return &InvalidError{name, fmt.Sprintf("%.40q", role), `a role must end with ")"`}
		}
		if role == "*" {
			return nil
		}
		m.Reservations = []*mesos.Resource_ReservationInfo{{
			Type: mesos.Resource_ReservationInfo_STATIC.Enum(),
			Role: &role,
		}}
	case strings.HasPrefix(p.rest, "{"):
		d := json.NewDecoder(strings.NewReader(p.rest))
		var object json.RawMessage
		if err := d.Decode(&object); err != nil {
			return &InvalidError{name, p.near(), "must be a JSON object: " + cut(err.Error())}
		}
		if err := (protojson.UnmarshalOptions{AllowPartial: true}).Unmarshal(object, m); err != nil {
			return &InvalidError{name, p.near(), "must be members of a Resource message: " + cut(err.Error())}
		}
		if m.Name != nil || m.Type != nil || m.Scalar != nil || m.Ranges != nil || m.Set != nil || m.AllocationInfo != nil {
			return &InvalidError{name, p.near(), "must only have reservations, disk, revocable, shared and provider_id"}
		}
		p.rest = p.rest[d.InputOffset():]
	}
	return nil
}

func (p *parser) scalar(m *mesos.Resource) error {
	text := p.upTo(";")
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.eE+-") != "" {
		return &InvalidError{m.GetName(), fmt.Sprintf("%.40q", text), "must be a number, [ranges] or {names}"}
	}
	m.Type, m.Scalar = mesos.Value_SCALAR.Enum(), &mesos.Value_Scalar{Value: &v}
	return nil
}

func (p *parser) ranges(m *mesos.Resource) error {
	m.Type, m.Ranges = mesos.Value_RANGES.Enum(), new(mesos.Value_Ranges)
	list := p.upTo("]")
	if !p.eat(']') {
		return &InvalidError{m.GetName(), fmt.Sprintf("%.40q", list), `ranges must end with "]"`}
	}
	if list == "" {
		return nil
	}
	for text := range strings.SplitSeq(list, ",") {
		first, last, pair := strings.Cut(text, "-")
		if !pair {
			last = first
		}
		begin, err1 := strconv.ParseUint(strings.TrimSpace(first), 10, 64)
		end, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 64)
		if err1 != nil || err2 != nil {
			return &InvalidError{m.GetName(), fmt.Sprintf("%.40q", text), "must be a range such as 31000-32000"}
		}
		m.Ranges.Range = append(m.Ranges.Range, &mesos.Value_Range{Begin: &begin, End: &end})
	}
	return nil
}

func (p *parser) set(m *mesos.Resource) error {
	m.Type, m.Set = mesos.Value_SET.Enum(), new(mesos.Value_Set)
	for {
		p.skip()
		if p.eat('}') {
			return nil
		}
		name, err := p.setItem(m.GetName())
		if err != nil {
			return err
		}
		m.Set.Item = append(m.Set.Item, name)
		p.skip()
		if !p.eat(',') && !strings.HasPrefix(p.rest, "}") {
			return &InvalidError{m.GetName(), p.near(), `names must be separated by "," and end with "}"`}
		}
	}
}

// setItem reads one name of a set, quoted or not.
func (p *parser) setItem(resource string) (string, error) {
	if quoted, err := strconv.QuotedPrefix(p.rest); err == nil {
		name, err := strconv.Unquote(quoted)
		p.rest = p.rest[len(quoted):]
		if err != nil || !utf8.ValidString(name) {
			return "", &InvalidError{resource, quoted, "must be a quoted name in UTF-8"}
		}
		return name, nil
	}
	name := p.upTo(special)
	if name == "" {
		return "", &InvalidError{resource, p.near(), "a name without quotes must not be empty"}
	}
	return name, nil
}
