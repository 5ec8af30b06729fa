package difference

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// Sentences say in a few words what changed, for people. They are plain text
// and hold names that strangers gave: whoever prints them escapes them.
func Sentences(d *gromav1.Difference) []string {
	if Empty(d) {
		return []string{"Nothing differs but when it was surveyed."}
	}
	var said []string
	for _, sentence := range []string{
		projectsSentence(d), maturitySentence(d), repositoriesSentence(d), outcomesSentence(d), commitsSentence(d),
	} {
		if sentence != "" {
			said = append(said, sentence)
		}
	}
	for _, language := range focused(d) {
		if c := find(d.Languages, language); c != nil {
			said = append(said, figuresSentence(c))
		} else {
			said = append(said, plain(language)+": as before.")
		}
	}
	said = append(said, figuresSentence(d.All))
	for _, m := range d.Methods {
		said = append(said, methodSentence(m))
	}
	return said
}

// mostNamed is how many names a sentence has; the others are counted.
const mostNamed = 5

// inBrackets names things in brackets, a few of them.
func inBrackets[T any](things []T, name func(T) string) string {
	var names []string
	for _, x := range things[:min(len(things), mostNamed)] {
		names = append(names, name(x))
	}
	text := strings.Join(names, "; ")
	if more := len(things) - mostNamed; more > 0 {
		text += " and " + report.Number(int64(more)) + " more"
	}
	return " (" + text + ")"
}

// longestName is longer than names of projects are, in bytes.
const longestName = 100

// plain makes a stranger's text a short piece of one line.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() >= longestName {
			return b.String() + "…"
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

func projectsSentence(d *gromav1.Difference) string {
	name := func(p *gromav1.ProjectPresence) string { return plain(p.Name) }
	return sentence(
		amount{len(d.ProjectsIn), "project is", "projects are", " new" + inBrackets(d.ProjectsIn, name)},
		amount{len(d.ProjectsOut), "project has", "projects have", " gone" + inBrackets(d.ProjectsOut, name)},
		amount{len(d.ProjectsRenamed), "project has", "projects have", " another name" + inBrackets(d.ProjectsRenamed, func(r *gromav1.ProjectRenaming) string {
			return plain(r.NameBefore) + " is " + plain(r.NameAfter)
		})},
	)
}

func maturitySentence(d *gromav1.Difference) string {
	return sentence(amount{len(d.Maturities), "project has", "projects have", " another maturity" + inBrackets(d.Maturities, func(m *gromav1.MaturityChange) string {
		text := plain(m.Name) + ": " + maturity(m.Before) + " to " + maturity(m.After)
		if m.AfterSince != "" {
			text += ", " + plain(m.AfterSince)
		}
		return text
	})})
}

func maturity(m string) string {
	if m == "" {
		return "none"
	}
	return plain(m)
}

func repositoriesSentence(d *gromav1.Difference) string {
	return sentence(
		amount{len(d.RepositoriesIn), "repository is", "repositories are", " new"},
		amount{len(d.RepositoriesOut), "repository has", "repositories have", " gone"},
		amount{len(d.RepositoriesMoved), "repository has", "repositories have", " moved"},
	)
}

func outcomesSentence(d *gromav1.Difference) string {
	var lost, found, other int
	for _, o := range d.Outcomes {
		switch {
		case o.Before == "counted":
			lost++
		case o.After == "counted":
			found++
		default:
			other++
		}
	}
	return sentence(
		amount{lost, "repository has", "repositories have", " no count any more that had one"},
		amount{found, "repository has", "repositories have", " a count that had none"},
		amount{other, "repository has", "repositories have", " no count for another reason than before"},
	)
}

func commitsSentence(d *gromav1.Difference) string {
	n := 0
	for _, r := range d.Repositories {
		if r.CommitBefore != r.CommitAfter {
			n++
		}
	}
	return sentence(amount{n, "repository that both surveys counted has", "repositories that both surveys counted have", " another commit"})
}

// figuresSentence says by how much a language grew, and why.
func figuresSentence(c *gromav1.LanguageChange) string {
	name := languageName(c.Language)
	var why []string
	for i, part := range parts(c) {
		if part.GetCode() != 0 {
			why = append(why, signed(part.Code)+" "+causes[i].words)
		}
	}
	text := fmt.Sprintf("%s: %s lines of code, %s (%s)", name, report.Number(c.After.Code), signed(c.Growth.Part), percent(c.Growth))
	if len(why) > 0 {
		text += ": " + strings.Join(why, ", ")
	}
	return text + "."
}

// causes are the parts of a change in their order, each with the head of its
// column and the words of a sentence.
var causes = []struct{ head, words string }{
	{"other commit", "by other commits"},
	{"other method", "by another method at the same commits"},
	{"both", "by other commits and another method at once, which cannot be told apart"},
	{"coverage", "by repositories that only one survey could count"},
	{"landscape", "by repositories that only one survey asked for there"},
	{"unexplained", "without a cause"},
}

func languageName(language string) string {
	if language == "" {
		return "All programming languages"
	}
	return plain(language)
}

// signed prints a change with its sign.
func signed(n int64) string {
	if n > 0 {
		return "+" + report.Number(n)
	}
	return report.Number(n)
}

// percent prints by how much of what there was something grew.
func percent(g *gromav1.Growth) string {
	switch {
	case g.GetPart() == 0:
		return "±0 %"
	case g.Whole == 0:
		return "new"
	case g.PerMille == 0:
		return "<0.1 %"
	}
	sign, n := "+", g.PerMille
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%s.%d %%", sign, report.Number(n/10), n%10)
}

func methodSentence(m *gromav1.MethodChange) string {
	text := fmt.Sprintf("The method is %s instead of %s", plain(m.After), plain(m.Before))
	if m.SameCommit > 0 {
		text += fmt.Sprintf(": at the same commit it counts %s otherwise by %s lines of code", report.Plural(m.SameCommit, "repository", "repositories"), signed(m.By.GetCode()))
	}
	if m.OtherCommit > 0 {
		text += fmt.Sprintf("; %s another commit, too, and what changed there is put down to neither", report.Plural(m.OtherCommit, "repository has", "repositories have"))
	}
	return text + "."
}

// An amount is a part of a sentence that begins with a number.
type amount struct {
	n         int
	one, many string
	rest      string
}

// sentence joins the amounts that are not zero; it is empty where all are.
func sentence(amounts ...amount) string {
	var parts []string
	for _, a := range amounts {
		if a.n > 0 {
			parts = append(parts, report.Plural(int64(a.n), a.one, a.many)+a.rest)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "."
}

// find is the change of a language, or nil where nothing changed.
func find(changes []*gromav1.LanguageChange, language string) *gromav1.LanguageChange {
	for _, c := range changes {
		if c.Language == language {
			return c
		}
	}
	return nil
}

// focused are the languages that the second survey asked for, then those that
// only the first did.
func focused(d *gromav1.Difference) []string {
	asked := slices.Clone(d.GetAfter().GetSurvey().GetSpec().GetLanguages())
	for _, language := range d.GetBefore().GetSurvey().GetSpec().GetLanguages() {
		if !slices.Contains(asked, language) {
			asked = append(asked, language)
		}
	}
	return slices.DeleteFunc(asked, func(language string) bool { return language == "" })
}
