package cli

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keyFile has one key, of 32 bytes alike.
func keyFile(t *testing.T, dir, id string, of byte) string {
	t.Helper()
	path := filepath.Join(dir, id+string(rune('a'+of)))
	if err := os.WriteFile(path, []byte(id+" "+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{of}, 32))+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// told are words that only payloads have: names of repositories and the folder of
// the landscape. Workflow ids and task queues of surveys have none of them.
func told(t *testing.T, dir, data string) (words []string) {
	t.Helper()
	var kept []byte
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(filepath.Join(data, "temporal.db"+suffix))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		kept = append(kept, text...)
	}
	if !bytes.Contains(kept, []byte("TakeCensus")) {
		t.Fatal("nothing that was asked is in the database: this tests nothing")
	}
	for _, word := range []string{"groma-tour", "aqueduct", "lumen", filepath.Join(dir, "landscape.yml"), "landscape-20"} {
		if bytes.Contains(kept, []byte(word)) {
			words = append(words, word)
		}
	}
	return words
}

// TestSurvey_Sealed stops a survey that has a key. What Temporal keeps of it
// tells nothing; whoever asks about it without the key, or with another, hears
// why not, and harms nothing: with the key it goes on, and its report is there.
func TestSurvey_Sealed(t *testing.T) {
	dir := t.TempDir()
	server := serveTour(t, dir)
	key := keyFile(t, dir, "k1", 1)
	id := endAtFirst(t, surveyProcess(t, dir, server, "sealed", "--json", "--concurrency", "1", "--temporal-payload-key-file", key), os.Interrupt)
	data := filepath.Join(dir, "sealed")
	if words := told(t, dir, data); len(words) > 0 {
		t.Errorf("sealed, and yet Temporal's database has %q", words)
	}
	const lacking, other = `sealed under key "k1", which is not among`, `sealed under key "k1", does not open`
	for name, test := range map[string]struct {
		flags []string
		want  string
	}{
		"no key":           {nil, lacking},
		"another":          {[]string{"--temporal-payload-key-file", keyFile(t, dir, "k2", 2)}, lacking},
		"another, same id": {[]string{"--temporal-payload-key-file", keyFile(t, dir, "k1", 3)}, other},
	} {
		if seen := groma(t, exitDone, append([]string{"doctor", "--data", data}, test.flags...)...); !strings.Contains(seen, test.want) {
			t.Errorf("%s: the doctor sees\n%s", name, seen)
		}
	}
	var asked bytes.Buffer
	without := surveyProcess(t, dir, server, "sealed")
	without.Stderr = &asked
	if err := without.Run(); exitOf(err) != exitFailed || !strings.Contains(asked.String(), lacking) {
		t.Errorf("without the key it ends with %v: %s", err, &asked)
	}
	var stderr bytes.Buffer
	again := surveyProcess(t, dir, server, "sealed", "--temporal-payload-key-file", key)
	again.Stderr = &stderr
	if err := again.Run(); exitOf(err) != exitGaps || !strings.Contains(stderr.String(), "Going on with survey "+id) {
		t.Fatalf("going on with the key: %v: %s", err, &stderr)
	}
	if words := told(t, dir, data); len(words) > 0 {
		t.Errorf("sealed, and yet Temporal's database has %q in the end", words)
	}
}

// TestSurvey_Plain: without a key the words that are looked for are there.
func TestSurvey_Plain(t *testing.T) {
	dir := t.TempDir()
	plain := surveyProcess(t, dir, serveTour(t, dir), "plain")
	if err := plain.Run(); exitOf(err) != exitGaps {
		t.Fatal(err)
	}
	if words := told(t, dir, filepath.Join(dir, "plain")); len(words) < 5 {
		t.Errorf("not sealed, and yet Temporal's database has only %q", words)
	}
}
