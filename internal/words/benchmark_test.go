package words

import (
	"fmt"
	"strings"
	"testing"
)

// hostilePieces make documents that are slow to read, by being repeated.
var hostilePieces = []string{
	"[", "](", "[a](", "`", "``a`", "<", "<a ", "<pre <!---->", "<!--", "*", "_a", "**_", "&", ":a", "{{", "\\", "|", "|-", "- ", "  - ", "> ", "# ", "[a]: b\n",
	"a\n", "a|b\n-|-\n", "http://", "Go, ", "C/", "R ", "written in ", "Rust. ", "e.g. ", "===\n", "1. a\n", "![", "\t", "~~~\n", "<svg", "\u202e", "{a: ", "&a [*a]\n",
	"# a\n", "- name: Rust\n", "- Rust\n", "Rust\n\n", "`a <b>`_ ", ":a:`b", "a b c\n\n", "*a* `b` [c](http://d.e) Rust.\n", "- a: {\n", "|Rust|\n", ".\n", ".)", "a-", "/C", "# [a](http://b.c)\n", "- **a**:\n",
	"a. ", "\u00a0", "[a][b] ", "[a][", "[^", "((", "<a href='", "- [", "[x] ", "a: b\n", "[a\n\n", "| a |\n|--|\n", "\r", "(?", "b_ ", "~~", "\n", " \n", "- ![a](http://b.c) ", "adopters:\n- a\n", "https://a.b[c] ",
	"? ", "!!a ", "\"", "'", "- - ", "[a, ", "%a\n", "---\n", "|\n", "&a ", "*a ", "a: &a [*a, *a]\n", "--- ", "{{{", "<!doctype ", "\"Rust", "Rust/", "Go and ", "C, ",
}

var hostilePaths = []string{"README.md", "ADOPTERS.md", "README.rst", "ADOPTERS.rst", "ADOPTERS.yml", "README.adoc", "ADOPTERS.adoc"}

// hostile repeats a piece, with a break as often as a block is read to its end.
func hostile(piece, pause string, size int) []byte {
	block := strings.Repeat(piece, (longestBlock-1000)/len(piece)) + pause
	return []byte(strings.Repeat(block, size/len(block)+1)[:size])
}

// BenchmarkRead_Hostile: four times the size takes four times as long.
func BenchmarkRead_Hostile(b *testing.B) {
	for _, path := range hostilePaths {
		for _, piece := range hostilePieces {
			for _, pause := range []string{"", "\n\n", "\n# "} {
				for _, kib := range []int{64, 256} {
					content := hostile(piece, pause, kib<<10)
					b.Run(fmt.Sprintf("%s/%q/%q/%d", path, piece, pause, kib), func(b *testing.B) {
						for b.Loop() {
							Read(path, "", content)
						}
					})
				}
			}
		}
	}
}
