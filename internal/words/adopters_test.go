package words

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"groma/internal/goldentest"
)

// TestRead_Adopters: each file is a form in which adopters are listed, with
// what stands around them.
func TestRead_Adopters(t *testing.T) {
	files, err := filepath.Glob("testdata/adopters/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			document := Read("ADOPTERS"+filepath.Ext(file), "b10b", content)
			var got strings.Builder
			for _, a := range document.GetAdopters() {
				fmt.Fprintf(&got, "%d %s", a.Line, a.Name)
				if a.Link != "" {
					fmt.Fprintf(&got, " <%s>", a.Link)
				}
				got.WriteByte('\n')
			}
			goldentest.Check(t, file+".golden", []byte(got.String()))
			checkDocument(t, document, content)
		})
	}
}

func TestRead_MostAdopters(t *testing.T) {
	var text strings.Builder
	for i := range mostAdopters + 5 {
		fmt.Fprintf(&text, "- [Firm %d](https://firm-%d.example)\n- firm %d\n", i, i, i)
	}
	document := Read("ADOPTERS.md", "", []byte(text.String()))
	if document.AdoptersCount != mostAdopters+5 || len(document.Adopters) != mostAdopters {
		t.Errorf("got %d of %d", len(document.Adopters), document.AdoptersCount)
	}
}
