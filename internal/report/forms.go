package report

import gromav1 "groma/proto/groma/v1"

// What the forms that other packages make have in common with those made here.

// Escape makes text safe within a line of Markdown or a cell of its tables:
// characters with a meaning lose it, controls become spaces.
func Escape(text string) string { return escape(text) }

// AddTally adds to the figures of a language, or of several, what one tally
// says: files and lines where its class is source or test, bytes where the
// host would count them.
func AddTally(f *gromav1.Figures, t *gromav1.Tally) { addTally(f, t) }

// HasCount reports whether a repository has a count of its own.
func HasCount(r *gromav1.Repository) bool { return hasCount(r) }

// CompareMaturities orders maturities as reports do.
func CompareMaturities(a, b string) int { return compareMaturities(a, b) }
