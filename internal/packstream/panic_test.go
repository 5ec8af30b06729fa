package packstream

import (
	"bytes"
	"slices"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"groma/internal/fault"
)

// TestRead_Panics: a panic is a failure, on whichever goroutine it is, and
// leaves neither a file nor a goroutine behind.
func TestRead_Panics(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"taking": func(c *Config) {
			take := c.Take
			c.Take = func(name Hash, names []string, content []byte) {
				take(name, names, content)
				panic("taking")
			}
		},
		"keeping": func(c *Config) {
			temp := c.Temp
			c.Temp = func() (File, error) {
				f, err := temp()
				return &brittle{File: f, lasts: 1}, err
			}
			c.Memory = 1
		},
	} {
		for pack, data := range packs() {
			t.Run(name+", "+pack, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // which fails if any goroutine is left
					c := config(t, 1<<20)
					var taken atomic.Int64
					c.Most, c.Workers, c.Take = 1<<20, 2, func(Hash, []string, []byte) { taken.Add(1) }
					change(&c)
					p, err := Read(t.Context(), iotest.OneByteReader(bytes.NewReader(data)), c)
					if name == "taking" && taken.Load() == 0 { // it comes in an order in which nothing is handed out
						if err != nil {
							t.Fatal(err)
						}
						p.Close()
						return
					}
					if fault.KindOf(err) != fault.Bug || fault.StackOf(err) == "" {
						t.Errorf("it is %v, want a bug", err)
					}
				})
			})
		}
	}
}

// brittle is a file that panics after so many writes, and whenever it is read.
type brittle struct {
	File
	lasts int
}

func (b *brittle) Write(p []byte) (int, error) {
	if b.lasts--; b.lasts < 0 {
		panic("writing")
	}
	return b.File.Write(p)
}

func (b *brittle) ReadAt([]byte, int64) (int, error) { panic("reading") }

// TestPatchLarge_Panics: what is patched in pieces is patched on a goroutine of
// its own.
func TestPatchLarge_Panics(t *testing.T) {
	p, err := Read(t.Context(), bytes.NewReader(packs()["deltas by offset"]), config(t, 40<<10))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	delta := slices.IndexFunc(p.blocks[0], func(o object) bool { return o.base != noBase })
	base := &contents{temp: &spool{file: &brittle{}, size: int64(len(one))}}
	if _, err := p.patchLarge(base, int32(delta), p.inflated(int32(delta))); fault.KindOf(err) != fault.Bug {
		t.Errorf("it is %v, want a bug", err)
	}
}
