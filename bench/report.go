package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Timeless is a report.json without what two surveys of the same have each of
// its own: id, times, how often and how long each repository was counted, and
// what travelled for it.
func Timeless(report []byte) ([]byte, error) {
	var facts map[string]any
	decoder := json.NewDecoder(bytes.NewReader(report))
	decoder.UseNumber() // no digit is lost
	if err := decoder.Decode(&facts); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	survey, _ := facts["survey"].(map[string]any)
	for _, name := range []string{"id", "startedAt", "endedAt"} {
		delete(survey, name)
	}
	repositories, _ := facts["repositories"].([]any)
	for _, repository := range repositories {
		row, _ := repository.(map[string]any)
		for _, name := range []string{"seconds", "attempts", "wire"} {
			delete(row, name)
		}
		vitals, _ := row["vitals"].(map[string]any)
		delete(vitals, "wire")
	}
	return json.MarshalIndent(facts, "", "  ")
}

// SameReport fails if two timeless reports differ, and says where first.
func SameReport(want, got []byte) error {
	wants, gots := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	for i := range min(len(wants), len(gots)) {
		if !bytes.Equal(wants[i], gots[i]) {
			return fmt.Errorf("its line %d is %.200s, want %.200s", i+1, gots[i], wants[i])
		}
	}
	if len(wants) != len(gots) {
		return fmt.Errorf("it has %d lines, want %d", len(gots), len(wants))
	}
	return nil
}
