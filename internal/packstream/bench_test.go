package packstream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkRead reads a pack of trees and source text, handing out every blob.
func BenchmarkRead(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 2000)
	for i := range words {
		words[i] = fmt.Sprintf("%x", random.Uint64()>>(16+random.IntN(40)))
	}
	var listed [][2]string
	for i := range 500 {
		var text bytes.Buffer
		for range 2000 {
			fmt.Fprintf(&text, "%s%c", words[int(random.ExpFloat64()*200)%len(words)], " \n(;"[random.IntN(4)])
		}
		listed = append(listed, [2]string{fmt.Sprintf("f%d.rs", i), text.String()})
	}
	built, size := newBuilder().whole(Tree, tree(listed...)), 0
	for _, f := range listed {
		built.whole(Blob, f[1])
		size += len(f[1])
	}
	pack := built.pack()
	read := config(b, 32<<20)
	read.Most, read.Take = 1<<20, func(Hash, []string, []byte) {}
	b.SetBytes(int64(size))
	for b.Loop() {
		p, err := Read(b.Context(), bytes.NewReader(pack), read)
		if err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}
