// Package canonical writes protobuf messages as JSON whose bytes depend on
// nothing but the message.
//
// It is protojson's JSON with three differences, made because these files are
// compared, kept under their digest, and read by jq and spreadsheets: white
// space is fixed, fields without presence are always there, and 64-bit
// integers are numbers, not strings. protojson reads it back.
package canonical

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Marshal returns m on one line, without a newline at its end.
func Marshal(m proto.Message) ([]byte, error) {
	raw, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	w := writer{in: raw, out: make([]byte, 0, len(raw))}
	if err := w.message(m.ProtoReflect().Descriptor()); err != nil {
		return nil, fmt.Errorf("canonical: %s: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	return w.out, nil
}

// MarshalIndent returns m over several lines, with a newline at its end.
func MarshalIndent(m proto.Message) ([]byte, error) {
	line, err := Marshal(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, line, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// Unmarshal reads what Marshal wrote. Fields it does not know are passed over,
// so that an older program reads what a newer one kept.
func Unmarshal(data []byte, m proto.Message) error {
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, m)
}

// writer copies what protojson wrote to out, guided by the descriptor of what
// it is of. It reads well-formed JSON and nothing else.
type writer struct {
	in  []byte // what is left to read
	out []byte
}

func (w *writer) message(md protoreflect.MessageDescriptor) error {
	if md.ParentFile().Package() == "google.protobuf" {
		return w.raw() // well-known types have a JSON form of their own
	}
	return w.object(func(quoted []byte) error {
		fd := md.Fields().ByJSONName(string(quoted[1 : len(quoted)-1]))
		if fd == nil {
			return fmt.Errorf("no field %s", quoted)
		}
		w.out = append(append(w.out, quoted...), ':')
		switch {
		case fd.IsMap():
			return w.object(func(quoted []byte) error {
				if err := w.key(quoted); err != nil {
					return err
				}
				return w.value(fd.MapValue())
			})
		case fd.IsList():
			return w.sequence('[', ']', func() error { return w.value(fd) })
		}
		return w.value(fd)
	})
}

// value copies one value of a field: an element, where the field is a list.
func (w *writer) value(fd protoreflect.FieldDescriptor) error {
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return w.message(fd.Message())
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind,
		protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		quoted, err := w.quoted()
		if err != nil {
			return err
		}
		w.out = append(w.out, quoted[1:len(quoted)-1]...) // the digits, without their quotes
		return nil
	}
	return w.raw()
}

// key writes the key of a map's entry as encoding/json does, which escapes
// what HTML gives a meaning.
func (w *writer) key(quoted []byte) error {
	var name string
	if err := json.Unmarshal(quoted, &name); err != nil {
		return err
	}
	again, err := json.Marshal(name)
	w.out = append(append(w.out, again...), ':')
	return err
}

// raw copies the next value as it is, less white space.
func (w *writer) raw() error {
	switch w.next() {
	case '{':
		return w.object(func(quoted []byte) error {
			w.out = append(append(w.out, quoted...), ':')
			return w.raw()
		})
	case '[':
		return w.sequence('[', ']', w.raw)
	case '"':
		quoted, err := w.quoted()
		w.out = append(w.out, quoted...)
		return err
	}
	end := bytes.IndexAny(w.in, ",]} \n") // a number, true, false or null
	if end < 0 {
		end = len(w.in)
	}
	if end == 0 {
		return io.ErrUnexpectedEOF
	}
	w.out, w.in = append(w.out, w.in[:end]...), w.in[end:]
	return nil
}

// object copies an object. Entry is told each key, in quotes, and copies it
// and the value.
func (w *writer) object(entry func(quoted []byte) error) error {
	return w.sequence('{', '}', func() error {
		quoted, err := w.quoted()
		if err != nil {
			return err
		}
		if err := w.delimiter(':'); err != nil {
			return err
		}
		return entry(quoted)
	})
}

func (w *writer) sequence(open, end byte, element func() error) error {
	if err := w.delimiter(open); err != nil {
		return err
	}
	w.out = append(w.out, open)
	for n := 0; w.next() != end; n++ {
		if n > 0 {
			if err := w.delimiter(','); err != nil {
				return err
			}
			w.out = append(w.out, ',')
		}
		if err := element(); err != nil {
			return err
		}
	}
	w.out = append(w.out, end)
	return w.delimiter(end)
}

// next is the next byte that is no white space, or 0 at the end.
func (w *writer) next() byte {
	for i, c := range w.in {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			w.in = w.in[i:]
			return c
		}
	}
	w.in = nil
	return 0
}

func (w *writer) delimiter(want byte) error {
	if found := w.next(); found != want {
		return fmt.Errorf("found %q where %c belongs", found, want)
	}
	w.in = w.in[1:]
	return nil
}

// quoted reads a string and returns it as it is, with its quotes.
func (w *writer) quoted() ([]byte, error) {
	if found := w.next(); found != '"' {
		return nil, fmt.Errorf("found %q where a string belongs", found)
	}
	for i := 1; i < len(w.in); i++ {
		switch w.in[i] {
		case '\\':
			i++
		case '"':
			quoted := w.in[:i+1]
			w.in = w.in[i+1:]
			return quoted, nil
		}
	}
	return nil, io.ErrUnexpectedEOF
}
