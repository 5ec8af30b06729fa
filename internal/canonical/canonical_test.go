package canonical

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

func sample() *gromav1.Census {
	return &gromav1.Census{
		Key:         "github.com/a/\"b\"<&>",
		CommittedAt: timestamppb.New(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
		Files:       1 << 52,
		Tally:       []*gromav1.Tally{{Language: "Rust", Lines: 3}, {Language: "Go"}},
		Packages:    map[string]int64{"npm": 2, "cargo": 1, "100": 7},
		Seconds:     0.25,
	}
}

func TestMarshal(t *testing.T) {
	got, err := Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"key":"github.com/a/\"b\"<&>","commit":"","committedAt":"2026-01-02T03:04:05Z","method":"","files":4503599627370496,` +
		`"tally":[{"language":"Rust","class":"","files":0,"lines":3,"code":0,"comments":0,"blanks":0,"complexity":0,"bytes":0},` +
		`{"language":"Go","class":"","files":0,"lines":0,"code":0,"comments":0,"blanks":0,"complexity":0,"bytes":0}],` +
		`"skipped":[],"packages":{"100":7,"cargo":1,"npm":2},"survey":"","seconds":0.25,"blobsCounted":0,"builtOn":""}`
	if string(got) != want {
		t.Errorf("Marshal:\n got %s\nwant %s", got, want)
	}
}

func TestUnmarshal_ReadsWhatMarshalWrote(t *testing.T) {
	for _, marshal := range []func(proto.Message) ([]byte, error){Marshal, MarshalIndent} {
		data, err := marshal(sample())
		if err != nil {
			t.Fatal(err)
		}
		var got gromav1.Census
		if err := Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if want := sample(); !proto.Equal(&got, want) {
			t.Errorf("got %v, want %v", &got, want)
		}
	}
}

// FuzzMarshal: whatever bytes make a message, its JSON reads back as the same.
func FuzzMarshal(f *testing.F) {
	seed, err := proto.Marshal(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var m gromav1.Census
		if proto.Unmarshal(data, &m) != nil {
			return
		}
		m.ProtoReflect().SetUnknown(nil)
		line, err := Marshal(&m)
		if err != nil {
			return // protojson refuses times beyond its range
		}
		var got gromav1.Census
		if err := Unmarshal(line, &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		again, err := Marshal(&got)
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(line) {
			t.Fatalf("second time differs:\n%s\n%s", line, again)
		}
	})
}
