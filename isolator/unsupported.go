// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// unsupported names the first field of spec that is set and that the isolator
// does not implement. It lists what is implemented, so that a field that a
// later version of the specification adds is refused and not ignored.
func unsupported(spec *specs.Spec) error {
	if r := spec.Root; r != nil && (path.Clean(r.Path) != "/" || r.Readonly) {
		return fmt.Errorf("root: only the host's root, writable, is supported, not %q", r.Path)
	}
	linux := spec.Linux
	if linux == nil {
		linux = &specs.Linux{}
	}
	for _, part := range []struct {
		prefix string
		value  any
		known  []string
	}{
		{"", *spec, []string{"Version", "Process", "Root", "Hostname", "Mounts", "Annotations", "Linux"}},
		{"process.", *spec.Process, []string{"User", "Args", "Env", "Cwd", "Rlimits", "NoNewPrivileges", "OOMScoreAdj"}},
		{"linux.", *linux, []string{"Namespaces"}},
	} {
		if field := setBeyond(part.value, part.known); field != "" {
			return fmt.Errorf("%s%s: is not supported", part.prefix, field)
		}
	}
	return nil
}

// setBeyond returns the JSON name of the first field of a struct that is not
// zero and not among the known ones.
func setBeyond(v any, known []string) string {
	s := reflect.ValueOf(v)
	for i := range s.NumField() {
		f := s.Type().Field(i)
		if !s.Field(i).IsZero() && !slices.Contains(known, f.Name) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return name
		}
	}
	return ""
}
