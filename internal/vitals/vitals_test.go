package vitals

import (
	"fmt"
	"testing"
	"time"
)

func date(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text+"Z")
	if err != nil {
		at, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWindows(t *testing.T) {
	for at, want := range map[string]string{
		"2026-11-22T10:38:00": "v1-20250101_20260101-20260101_20261122",
		"2025-12-11T00:00:00": "v1-20240101_20250101-20250101_20251211",
		"2026-01-02T00:00:00": "v1-20250101_20260101-20260101_20260102",
		"2026-01-01T23:59:59": "v1-20250101_20260101",
		"2026-01-01T00:00:00": "v1-20250101_20260101",
	} {
		windows := Windows(date(t, at))
		if got := Method(windows); got != want {
			t.Errorf("Windows(%s) = %s, want %s", at, got, want)
		}
		if err := CheckWindows(windows); err != nil {
			t.Errorf("Windows(%s): %v", at, err)
		}
	}
	east := time.FixedZone("", 5*3600)
	if got := Windows(time.Date(2026, 1, 1, 3, 0, 0, 0, east))[0].Name; got != "2024" {
		t.Errorf("before midnight UTC, the last full year is %s, want 2024", got)
	}
}

func TestParseWindow(t *testing.T) {
	for text, want := range map[string]string{
		"2025":                   "2025: 2025-01-01 until 2026-01-01, 53 weeks",
		"2024":                   "2024: 2024-01-01 until 2025-01-01, 53 weeks",
		"2025-01-01..2025-12-31": "2025: 2025-01-01 until 2026-01-01, 53 weeks",
		"2026-01-01..2026-11-21": "2026 to 2026-11-21: 2026-01-01 until 2026-11-22, 47 weeks",
		"2025-07-01..2025-07-01": "2025-07-01 to 2025-07-01: 2025-07-01 until 2025-07-02, 1 weeks",
		"2025-07-01..2026-06-30": "2025-07-01 to 2026-06-30: 2025-07-01 until 2026-07-01, 53 weeks",
	} {
		w, err := ParseWindow(text)
		if got := w.text(); err != nil || got != want {
			t.Errorf("ParseWindow(%q) = %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "25", "2025-07-01", "2025-07-02..2025-07-01", "1990-01-01..2025-01-01", "1969", "0001", "2025..2026", "2025-02-30..2025-03-01"} {
		if w, err := ParseWindow(text); err == nil {
			t.Errorf("ParseWindow(%q) = %s", text, w.text())
		}
	}
}
func (w Window) text() string {
	const days = "2006-01-02"
	return fmt.Sprintf("%s: %s until %s, %d weeks", w.Name, w.From.Format(days), w.Until.Format(days), w.weeks())
}
