package sealed

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
)

// secret is 32 bytes alike, as a file has them.
func secret(of byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{of}, keyBytes))
}

func parse(t testing.TB, lines ...string) Codec {
	t.Helper()
	keys, err := Parse([]byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return Codec{Keys: func() *Keys { return keys }}
}

// without is the codec of a process that has no keys.
var without = Codec{Keys: func() *Keys { return nil }}

func payload(encodedAs, data string) *common.Payload {
	return &common.Payload{Metadata: map[string][]byte{encoding: []byte(encodedAs), "messageType": []byte("groma.v1.X")}, Data: []byte(data)}
}

func seal(t testing.TB, c Codec, p *common.Payload) *common.Payload {
	t.Helper()
	done, err := c.Encode([]*common.Payload{p})
	if err != nil {
		t.Fatal(err)
	}
	return done[0]
}

func open(c Codec, p *common.Payload) (*common.Payload, error) {
	done, err := c.Decode([]*common.Payload{p})
	return done[0], err
}

func TestCodec(t *testing.T) {
	old, turned, both := parse(t, "old "+secret(1)), parse(t, "new "+secret(2), "old "+secret(1)), parse(t, "old "+secret(1), "new "+secret(2))
	plain := payload("json/protobuf", `{"repository":"github.com/o/r"}`)
	for name, test := range map[string]struct {
		by, to Codec
		id     string // what it is sealed under, empty for not at all
	}{
		"one key":                  {old, old, "old"},
		"a key more":               {old, turned, "old"},
		"the first of two":         {turned, both, "new"},
		"the other first":          {both, turned, "old"},
		"not sealed, and no keys":  {without, without, ""},
		"not sealed, yet has keys": {without, old, ""},
	} {
		kept := seal(t, test.by, plain)
		got, err := open(test.to, kept)
		if err != nil || !proto.Equal(got, plain) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if string(kept.Metadata[keyID]) != test.id || (test.id != "") == bytes.Contains(kept.Data, []byte("github")) {
			t.Errorf("%s: kept as %v", name, kept)
		}
	}
	if proto.Equal(seal(t, old, plain), seal(t, old, plain)) {
		t.Error("alike payloads are sealed alike")
	}
}

func TestCodec_Error(t *testing.T) {
	old, other, renamed := parse(t, "old "+secret(1)), parse(t, "new "+secret(1)), parse(t, "old "+secret(2))
	both := parse(t, "old "+secret(1), "new "+secret(1)) // the same under two ids
	kept := seal(t, old, payload("json/plain", `"x"`))
	with := func(change func(*common.Payload)) *common.Payload {
		p := proto.CloneOf(kept)
		change(p)
		return p
	}
	for name, test := range map[string]struct {
		codec   Codec
		payload *common.Payload
		want    Error
	}{
		"no keys":          {without, kept, Error{Key: "old", Lacking: true}},
		"another id":       {other, kept, Error{Key: "old", Lacking: true}},
		"another key":      {renamed, kept, Error{Key: "old"}},
		"said to be other": {both, with(func(p *common.Payload) { p.Metadata[keyID] = []byte("new") }), Error{Key: "new"}},
		"no id":            {old, with(func(p *common.Payload) { delete(p.Metadata, keyID) }), Error{Lacking: true}},
		"no data":          {old, with(func(p *common.Payload) { p.Data = nil }), Error{Key: "old"}},
		"cut off":          {old, with(func(p *common.Payload) { p.Data = p.Data[:len(p.Data)-1] }), Error{Key: "old"}},
		"longer":           {old, with(func(p *common.Payload) { p.Data = append(p.Data, 0) }), Error{Key: "old"}},
		"a nonce alone":    {old, with(func(p *common.Payload) { p.Data = p.Data[:12] }), Error{Key: "old"}},
	} {
		_, err := open(test.codec, test.payload)
		var failed *Error
		if !errors.As(err, &failed) || *failed != test.want {
			t.Errorf("%s: %v, want %v", name, err, &test.want)
		}
	}
}

// FuzzAltered: whatever becomes of a sealed payload's bytes, it is that payload
// or an error.
func FuzzAltered(f *testing.F) {
	f.Add([]byte(`"x"`), 0, byte(0))
	f.Add([]byte(""), 3, byte(1))
	f.Add(bytes.Repeat([]byte("github.com/o/r "), 100), 900, byte(0x80))
	codec := parse(f, "a "+secret(7))
	f.Fuzz(func(t *testing.T, data []byte, at int, bits byte) {
		plain := &common.Payload{Metadata: map[string][]byte{encoding: []byte("json/plain")}, Data: data}
		kept := seal(t, codec, plain)
		if len(data) > 8 && bytes.Contains(kept.Data, data) {
			t.Error("it can be read without a key")
		}
		if at %= len(kept.Data); at < 0 {
			at += len(kept.Data)
		}
		kept.Data[at] ^= bits
		got, err := open(codec, kept)
		if (err == nil) != (bits == 0) || err == nil && !bytes.Equal(got.Data, data) {
			t.Errorf("byte %d with %#x: %v, %v", at, bits, got, err)
		}
	})
}

// FuzzOpen: what others write is no payload of ours, and no panic.
func FuzzOpen(f *testing.F) {
	codec := parse(f, "a "+secret(7))
	f.Add("a", seal(f, codec, payload("json/plain", "1")).Data)
	f.Add("b", []byte("x"))
	f.Fuzz(func(t *testing.T, id string, data []byte) {
		p := &common.Payload{Metadata: map[string][]byte{encoding: []byte(sealedAs), keyID: []byte(id)}, Data: data}
		if opened, err := open(codec, p); err == nil {
			again, err := open(codec, seal(t, codec, opened))
			if err != nil || !proto.Equal(again, opened) {
				t.Errorf("%v: %v", again, err)
			}
		}
	})
}

func TestParse_Error(t *testing.T) {
	const planted = "cGxhbnRlZCBzZWNyZXQ"
	for name, text := range map[string]string{
		"empty":            "",
		"comments alone":   "# none yet\n\n",
		"no id":            planted,
		"key alone":        secret(1),
		"three words":      "a b " + planted,
		"no base64":        "a " + planted + "!",
		"short":            "a " + planted,
		"url alphabet":     "a " + strings.Repeat("_", 42) + "8=",
		"33 bytes":         "a " + base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"an id that is no": planted + "/ " + secret(1),
		"a long id":        strings.Repeat("a", 65) + " " + secret(1),
		"twice":            "a " + secret(1) + "\na " + secret(2),
	} {
		keys, err := Parse([]byte(text))
		if err == nil {
			t.Errorf("%s: %v", name, keys)
			continue
		}
		if strings.Contains(err.Error(), planted) || strings.Contains(err.Error(), secret(1)) {
			t.Errorf("%s: the error tells what is in the file: %v", name, err)
		}
	}
}

func TestKeys_Print(t *testing.T) {
	keys, err := Parse([]byte("# made in November\r\n2026-11 " + secret(1) + "\r\n\n\told." + " " + secret(2)))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, keys); got != "2026-11, old." {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}
