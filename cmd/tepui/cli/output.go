// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// table prints rows in columns, the first row being their names.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, columns ...string) *table {
	t := &table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(columns...)
	return t
}

// row adds a row; an empty cell is a dash, so that columns can be cut.
func (t *table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = oneCell(cell)
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

func oneCell(text string) string {
	if text == "" {
		return "-"
	}
	return plain(text)
}

// plain replaces what would move the cursor of a terminal: names are what
// frameworks chose.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}

func (t *table) flush() error { return t.w.Flush() }

// print prints an answer as JSON if that is asked for, and else by the function.
func (f *operatorFlags) print(m proto.Message, people func(w io.Writer) error) error {
	if f.form != "json" {
		return people(f.app.stdout)
	}
	b, err := json.MarshalIndent(jsonOf(m.ProtoReflect()), "", "  ")
	if err != nil {
		return err
	}
	_, err = f.app.stdout.Write(append(b, '\n'))
	return err
}

// jsonOf returns a message as encoding/json writes it: with the names of the
// .proto files, and 64-bit integers as numbers, as in Mesos.
func jsonOf(m protoreflect.Message) map[string]any {
	out := make(map[string]any)
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			entries := make(map[string]any)
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				entries[k.String()] = jsonValue(f.MapValue(), v)
				return true
			})
			out[string(f.Name())] = entries
		case f.IsList():
			items := make([]any, v.List().Len())
			for i := range items {
				items[i] = jsonValue(f, v.List().Get(i))
			}
			out[string(f.Name())] = items
		default:
			out[string(f.Name())] = jsonValue(f, v)
		}
		return true
	})
	return out
}

func jsonValue(f protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch {
	case f.Message() != nil:
		return jsonOf(v.Message())
	case f.Enum() != nil:
		if d := f.Enum().Values().ByNumber(v.Enum()); d != nil {
			return string(d.Name())
		}
		return v.Enum()
	}
	return v.Interface()
}

// resourcesText writes resources as people write them, or what is wrong with them.
func resourcesText(list []*mesos.Resource) string {
	r, err := resource.FromProto(list)
	if err != nil {
		return "?" // of a newer master
	}
	return r.String()
}

// shareText writes how much of a resource is used, offered and there in all.
func shareText(name string, used, offered, total resource.Resources) string {
	if total.Scalar(name) == 0 {
		return ""
	}
	return fmt.Sprintf("%s/%s/%s", used.Scalar(name), offered.Scalar(name), total.Scalar(name))
}

// timeText writes a time as people here read it.
func timeText(t *mesos.TimeInfo) string {
	if t == nil {
		return ""
	}
	return time.Unix(0, t.GetNanoseconds()).Format("2006-01-02 15:04:05")
}
