package report

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	gromav1 "groma/proto/groma/v1"
)

// Markdown prints a report as a code host renders it. Whatever strangers wrote
// (names, reasons, addresses) is escaped: it cannot become markup.
func Markdown(r *gromav1.Report) []byte {
	m := &markdown{report: r, languages: Languages(r, r.GetSurvey().GetSpec().GetLanguages())}
	m.title()
	m.summary()
	m.outcomes()
	m.lines()
	m.gaps()
	m.source()
	return m.out.Bytes()
}

type markdown struct {
	report    *gromav1.Report
	languages []LanguageSummary
	out       bytes.Buffer
}

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(&m.out, format, args...) }

func (m *markdown) title() {
	name := escape(m.report.GetSurvey().GetSource().GetName())
	if asked := m.report.GetSurvey().GetSpec().GetLanguages(); len(asked) > 0 {
		m.printf("# %s: %s\n\n", name, escape(strings.Join(asked, ", ")))
		return
	}
	m.printf("# %s\n\n", name)
}

func (m *markdown) summary() {
	t := m.report.Totals
	counted := t.Outcomes["counted"] + t.Outcomes["reused"]
	m.printf("## Executive summary\n\n")
	m.printf("%s with %s were surveyed; %s counted, each at one named commit.\n",
		Plural(t.Projects, "project", "projects"), Plural(t.Repositories, "repository", "repositories"), Plural(counted, "was", "were"))
	for i, s := range m.languages {
		if i == summaryLanguages && len(m.report.GetSurvey().GetSpec().GetLanguages()) == 0 {
			m.printf("\nThe other %d languages are in report.json.\n", len(m.languages)-i)
			break
		}
		m.printf("\n- **%s**: %s of code in %s", escape(s.Language), Plural(s.Total.Code, "line", "lines"), Plural(int64(len(s.Projects)), "project", "projects"))
		m.printf(" (%s with comments and blanks, %s, %s bytes)", Plural(s.Total.Lines, "line", "lines"), Plural(s.Total.Files, "file", "files"), Number(s.Total.Bytes))
	}
	m.printf("\n\nA line is a physical line, and code is what is neither comment nor blank. Counted here are source and test files; vendored, generated, documentation, configuration and data files are in report.json under their own class.\n\n")
}

// summaryLanguages is how many languages the summary names where the survey
// asked for none.
const summaryLanguages = 10

func (m *markdown) outcomes() {
	m.printf("## Outcomes\n\n| outcome | repositories |\n|---|---:|\n")
	for _, outcome := range OutcomeOrder {
		if n := m.report.Totals.Outcomes[outcome]; n > 0 {
			m.printf("| %s | %s |\n", outcome, Number(n))
		}
	}
	m.printf("| **all** | **%s** |\n\n", Number(m.report.Totals.Repositories))
}

func (m *markdown) lines() {
	m.printf("## Lines of code\n\n")
	if len(m.report.GetSurvey().GetSpec().GetLanguages()) == 0 {
		m.byLanguage()
		return
	}
	for _, s := range m.languages {
		m.byProject(s)
	}
}

func (m *markdown) byLanguage() {
	m.printf("| language | projects | files | code | comments | blanks | lines | bytes |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range m.languages {
		m.printf("| %s | %d | %s |\n", escape(s.Language), len(s.Projects), cells(s.Total))
	}
	m.printf("\n")
}

func (m *markdown) byProject(s LanguageSummary) {
	m.printf("### %s\n\n", escape(s.Language))
	if len(s.Projects) == 0 {
		m.printf("No project has any.\n\n")
		return
	}
	m.printf("| project | maturity | files | code | comments | blanks | lines | bytes | share of its code |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n")
	var sum int64
	for _, p := range s.Projects {
		m.printf("| %s | %s | %s | %.1f %% |\n", escape(p.Project.Name), escape(p.Project.Maturity), cells(p.Count), 100*p.Share())
		sum += p.Code
	}
	m.printf("| **all, each repository once** | | %s | |\n\n", cells(s.Total))
	if sum != s.Total.Code {
		m.printf("The projects add up to %s lines of code, %s more than there are, since some share a repository.\n\n", Number(sum), Number(sum-s.Total.Code))
	}
}

func cells(c Count) string {
	return strings.Join([]string{Number(c.Files), Number(c.Code), Number(c.Comments), Number(c.Blanks), Number(c.Lines), Number(c.Bytes)}, " | ")
}

func (m *markdown) gaps() {
	var rows int
	for _, r := range m.report.Repositories {
		if r.Outcome == "counted" || r.Outcome == "reused" {
			continue
		}
		if rows == 0 {
			m.printf("## Not counted\n\n| repository | outcome | reason | why it is in |\n|---|---|---|---|\n")
		}
		rows++
		m.printf("| %s | %s | %s | %s |\n", escape(r.Key), r.Outcome, escape(r.Reason), escape(strings.Join(r.Why, ", ")))
	}
	if rows > 0 {
		m.printf("\n")
	}
}

func (m *markdown) source() {
	s := m.report.Survey
	m.printf("## Source and method\n\n")
	m.printf("- Landscape: %s, SHA-256 `%s`\n", escape(s.GetSource().GetName()), s.GetSource().GetSha256())
	m.printf("- Survey: %s, from %s to %s\n", escape(s.Id), s.StartedAt.AsTime().Format("2006-01-02 15:04:05 UTC"), s.EndedAt.AsTime().Format("2006-01-02 15:04:05 UTC"))
	if s.AsOf != nil {
		m.printf("- As of: %s; of each repository the last commit before that\n", s.AsOf.AsTime().Format("2006-01-02 15:04:05 UTC"))
	}
	m.printf("- Method: %s\n", escape(s.Method))
	m.printf("- Every repository with its commit, and every figure by language and class: report.json\n")
	if n := len(m.report.Warnings); n > 0 {
		m.printf("- The landscape has %s; they are in report.json with their lines\n", Plural(int64(n), "oddity", "oddities"))
	}
}

// Plural prints a number and the word that goes with it.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Number prints a number with a comma between thousands.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// escape makes text safe within a line of Markdown or a cell of its tables:
// characters with a meaning lose it, controls become spaces.
func escape(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '.' && i >= 3 && strings.EqualFold(text[i-3:i], "www"):
			b.WriteString("&#46;") // or it becomes a link without being asked
		case strings.ContainsRune("\\`*_{}[]()<>#+!|~&@:$^=", r):
			// A character reference, since a backslash does not stop a code
			// host from finding mentions and bare addresses.
			fmt.Fprintf(&b, "&#%d;", r)
		case !unicode.IsPrint(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
