package difference

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// Sentences say in a few words what changed, for people. They are about some
// languages; where none is named, about those that the surveys asked for. They
// are plain text without control characters and hold names that strangers
// gave: whoever prints them in markup escapes them.
func Sentences(d *gromav1.Difference, languages ...string) []string {
	return view{d, focused(d, languages), plain}.sentences()
}

// A view is a difference and how it is told.
type view struct {
	*gromav1.Difference
	languages []string            // those that it is about; none means all together
	say       func(string) string // makes safe what strangers wrote
}

// focused are the languages to tell of: those that are named or, where none
// is, those that the second survey asked for, then those of the first.
func focused(d *gromav1.Difference, named []string) []string {
	languages := slices.Clone(named)
	if len(languages) == 0 {
		languages = slices.Concat(d.GetAfter().GetSurvey().GetSpec().GetLanguages(), d.GetBefore().GetSurvey().GetSpec().GetLanguages())
	}
	seen := map[string]bool{"": true} // no name means all
	return slices.DeleteFunc(languages, func(language string) bool {
		again := seen[language]
		seen[language] = true
		return again
	})
}

func (v view) sentences() []string {
	if Empty(v.Difference) {
		return []string{"Nothing differs but when it was surveyed."}
	}
	said := slices.DeleteFunc([]string{v.projectsSentence(), v.maturitySentence(), v.repositoriesSentence(), v.outcomesSentence(), v.commitsSentence()},
		func(sentence string) bool { return sentence == "" })
	for _, language := range v.languages {
		if c := find(v.Languages, language); c != nil {
			said = append(said, v.figuresSentence(c))
		} else {
			said = append(said, v.say(language)+": as before.")
		}
	}
	said = append(said, v.figuresSentence(v.All))
	for _, m := range v.Methods {
		said = append(said, v.methodSentence(m))
	}
	return said
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

// longestName is longer than names and reasons are, in bytes.
const longestName = 200

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

func (v view) projectsSentence() string {
	name := func(p *gromav1.ProjectPresence) string { return v.say(p.Name) }
	came, again := byExclusion(v.ProjectsIn)
	went, out := byExclusion(v.ProjectsOut)
	return sentence(
		amount{len(came), "project is", "projects are", " new" + inBrackets(came, name)},
		amount{len(went), "project has", "projects have", " gone" + inBrackets(went, name)},
		amount{len(again), "project is", "projects are", " no longer left out by an annotation" + inBrackets(again, name)},
		amount{len(out), "project is", "projects are", " left out by an annotation now" + inBrackets(out, name)},
		amount{len(v.ProjectsRenamed), "project has", "projects have", " another name" + inBrackets(v.ProjectsRenamed, func(r *gromav1.ProjectRenaming) string {
			return v.say(r.NameBefore) + " is now " + v.say(r.NameAfter)
		})},
	)
}

// byExclusion parts the projects that a landscape does not have from those
// that an annotation leaves out.
func byExclusion(list []*gromav1.ProjectPresence) (missing, excluded []*gromav1.ProjectPresence) {
	for _, p := range list {
		if p.Excluded == "" {
			missing = append(missing, p)
		} else {
			excluded = append(excluded, p)
		}
	}
	return missing, excluded
}

func (v view) maturitySentence() string {
	return sentence(amount{len(v.Maturities), "project has", "projects have", " another maturity" + inBrackets(v.Maturities, func(m *gromav1.MaturityChange) string {
		text := v.say(m.Name) + ": " + v.maturity(m.Before) + " to " + v.maturity(m.After)
		if m.AfterSince != "" {
			text += ", " + v.say(m.AfterSince)
		}
		return text
	})})
}

func (v view) maturity(m string) string {
	if m == "" {
		return "none"
	}
	return v.say(m)
}

func (v view) repositoriesSentence() string {
	return sentence(
		amount{len(v.RepositoriesIn), "repository is", "repositories are", " new"},
		amount{len(v.RepositoriesOut), "repository has", "repositories have", " gone"},
		amount{len(v.RepositoriesMoved), "repository has", "repositories have", " moved"},
	)
}

func (v view) outcomesSentence() string {
	var lost, found, other int
	for _, o := range v.Outcomes {
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
		amount{lost, "repository has", "repositories have", " no count any more"},
		amount{found, "repository has", "repositories have", " a count now that was missing"},
		amount{other, "repository has", "repositories have", " no count for another reason than before"},
	)
}

func (v view) commitsSentence() string {
	n := 0
	for _, r := range v.Repositories {
		if r.CommitBefore != r.CommitAfter {
			n++
		}
	}
	return sentence(amount{n, "repository that both surveys counted has", "repositories that both surveys counted have", " another commit"})
}

// figuresSentence says by how much a language grew, and why.
func (v view) figuresSentence(c *gromav1.LanguageChange) string {
	var why []string
	for i, part := range parts(c) {
		if part.GetCode() != 0 {
			why = append(why, signed(part.Code)+" "+causes[i].words)
		}
	}
	text := fmt.Sprintf("%s: %s lines of code, %s (%s)", v.language(c), report.Number(c.After.Code), signed(c.Growth.Part), percent(c.Growth))
	if len(why) > 0 {
		text += ": " + strings.Join(why, ", ")
	}
	return text + "."
}

// causes are the parts of a change in their order, each with the head of its
// column and the words of a sentence.
var causes = []struct{ head, words string }{
	{"commit", "by other commits"},
	{"method", "by another method at the same commits"},
	{"both", "by other commits and another method at once, which cannot be told apart"},
	{"coverage", "by repositories that only one of the surveys could count"},
	{"landscape", "by repositories that came or went"},
	{"nothing", "without a cause"},
}

func (v view) language(c *gromav1.LanguageChange) string {
	if c.Language == "" {
		return "All programming languages"
	}
	return v.say(c.Language)
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

func (v view) methodSentence(m *gromav1.MethodChange) string {
	text := fmt.Sprintf("The method is %s instead of %s", v.say(m.After), v.say(m.Before))
	if m.SameCommit > 0 {
		text += fmt.Sprintf(", which changes what %s at the same commit by %s lines of code",
			report.Plural(m.SameCommit, "repository has", "repositories have"), signed(m.By.GetCode()))
	}
	if m.OtherCommit > 0 {
		text += fmt.Sprintf("; %s another commit, too, and what changed there is put down to neither",
			report.Plural(m.OtherCommit, "repository has", "repositories have"))
	}
	return text + "."
}
