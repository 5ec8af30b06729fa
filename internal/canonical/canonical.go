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
	w := writer{dec: json.NewDecoder(bytes.NewReader(raw))}
	w.dec.UseNumber()
	if err := w.message(m.ProtoReflect().Descriptor()); err != nil {
		return nil, fmt.Errorf("canonical: %s: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	return w.out.Bytes(), nil
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

// writer copies JSON tokens to out, guided by the descriptor of what is read.
type writer struct {
	dec *json.Decoder
	out bytes.Buffer
}

func (w *writer) message(md protoreflect.MessageDescriptor) error {
	if md.ParentFile().Package() == "google.protobuf" {
		return w.raw() // well-known types have a JSON form of their own
	}
	return w.object(func(name string) error {
		fd := md.Fields().ByJSONName(name)
		if fd == nil {
			return fmt.Errorf("no field %q", name)
		}
		switch {
		case fd.IsMap():
			return w.object(func(string) error { return w.value(fd.MapValue()) })
		case fd.IsList():
			return w.list(func() error { return w.value(fd) })
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
		token, err := w.dec.Token()
		if err != nil {
			return err
		}
		fmt.Fprint(&w.out, token) // the digits, without their quotes
		return nil
	}
	return w.raw()
}

// raw copies the next value as it is, less white space.
func (w *writer) raw() error {
	var value json.RawMessage
	if err := w.dec.Decode(&value); err != nil {
		return err
	}
	return json.Compact(&w.out, value)
}

func (w *writer) object(value func(name string) error) error {
	return w.sequence('{', '}', func() error {
		token, err := w.dec.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return fmt.Errorf("object key is %v", token)
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return err
		}
		w.out.Write(quoted)
		w.out.WriteByte(':')
		return value(name)
	})
}

func (w *writer) list(value func() error) error { return w.sequence('[', ']', value) }

func (w *writer) sequence(open, end byte, element func() error) error {
	if err := w.delimiter(open); err != nil {
		return err
	}
	for n := 0; w.dec.More(); n++ {
		if n > 0 {
			w.out.WriteByte(',')
		}
		if err := element(); err != nil {
			return err
		}
	}
	return w.delimiter(end)
}

func (w *writer) delimiter(want byte) error {
	token, err := w.dec.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if token != json.Delim(want) {
		return fmt.Errorf("found %v where %c belongs", token, want)
	}
	w.out.WriteByte(want)
	return nil
}
