package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSurvey_Log: the log of a survey does not grow for ever.
func TestSurvey_Log(t *testing.T) {
	c := &surveyCommand{}
	c.engine.data = t.TempDir()
	name := filepath.Join(c.engine.data, "groma.log")
	const large = 8<<20 + 1
	if err := os.WriteFile(name, make([]byte, large), 0o600); err != nil {
		t.Fatal(err)
	}
	log, end, err := c.logger()
	if err != nil {
		t.Fatal(err)
	}
	log.Warn("something is wrong")
	end()
	if text, err := os.ReadFile(name); err != nil || len(text) > 1000 || !strings.Contains(string(text), "something is wrong") {
		t.Errorf("it has %d bytes: %v", len(text), err)
	}
	if info, err := os.Stat(name + ".1"); err != nil || info.Size() != large {
		t.Errorf("the one before: %v, %v", info, err)
	}
}
