package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const mark = "marked-0f1e2d3c"

// TestValue_Print: no way of printing prints it, in whatever it is.
func TestValue_Print(t *testing.T) {
	v := Told(func() (string, error) { return mark, nil })
	within := struct {
		Shown  Value[string]
		hidden Value[string]
	}{v, v}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("settings", "secret", v, "within", within)
	encoded, err := json.Marshal(within)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		fmt.Sprint(v, &v, within), fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v), fmt.Sprintf("%+v %#v", within, &within), string(encoded), log.String(),
	} {
		if strings.Contains(printed, mark) || strings.Contains(printed, fmt.Sprintf("%x", mark)) {
			t.Errorf("it prints: %s", printed)
		}
		if !strings.Contains(printed, "[secret]") {
			t.Errorf("%s does not say that there is a secret", printed)
		}
	}
}

func TestValue_Read(t *testing.T) {
	n := 0
	v := Told(func() (int, error) { n++; return n, nil })
	for want := range 3 {
		if got, err := v.Read(); got != want+1 || err != nil {
			t.Errorf("it is %d, %v, want %d", got, err, want+1)
		}
	}
	var none Value[string]
	if got, err := none.Read(); got != "" || err != nil || none.IsSet() || fmt.Sprint(none) != "" {
		t.Errorf("none is %q, %v", got, err)
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	for size, want := range map[int]bool{0: true, most: true, most + 1: false} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if text, err := ReadFile(path); (err == nil) != want || err == nil && len(text) != size {
			t.Errorf("of %d bytes %d are read: %v", size, len(text), err)
		}
	}
}
