package difference

import (
	"bytes"
	"fmt"
	"strings"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// mostRows is how many rows a table has; the others are counted, and stand in
// the difference itself.
const mostRows = 30

// Document prints a difference as a document of its own.
func Document(d *gromav1.Difference) []byte {
	m := &markdown{}
	m.printf("# %s: what changed\n\n", report.Escape(landscapeOf(d)))
	m.sides(d)
	m.out.Write(Markdown(d, 2))
	return m.out.Bytes()
}

// Markdown prints a difference for a place within a document: sentences, then
// sections with headings of the given level, from 1 to 6. Whatever strangers
// wrote is escaped. It ends with one empty line at most.
func Markdown(d *gromav1.Difference, level int) []byte {
	m := &markdown{level: min(max(level, 1), 6)}
	m.questions(d)
	for _, text := range Sentences(d) {
		m.printf("- %s\n", report.Escape(text))
	}
	m.printf("\n")
	m.projects(d)
	m.languages(d)
	m.byProject(d)
	m.repositories(d)
	m.outcomes(d)
	m.commits(d)
	return append(bytes.TrimRight(m.out.Bytes(), "\n"), '\n')
}

type markdown struct {
	out   bytes.Buffer
	level int
}

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(&m.out, format, args...) }

func (m *markdown) heading(title string) {
	m.printf("%s %s\n\n", strings.Repeat("#", m.level), title)
}

// table prints a head and rows of cells that are markup already; a column
// whose title ends in ":" holds numbers. Rows beyond the bound are counted.
func (m *markdown) table(head []string, rows [][]string) {
	rule := make([]string, len(head))
	for i, title := range head {
		rule[i] = "---"
		if number, ok := strings.CutSuffix(title, ":"); ok {
			head[i], rule[i] = number, "---:"
		}
	}
	m.printf("| %s |\n|%s|\n", strings.Join(head, " | "), strings.Join(rule, "|"))
	for _, row := range rows[:min(len(rows), mostRows)] {
		m.printf("| %s |\n", strings.Join(row, " | "))
	}
	m.printf("\n")
	if more := len(rows) - mostRows; more > 0 {
		m.printf("And %s more, which the JSON form has.\n\n", report.Number(int64(more)))
	}
}

func landscapeOf(d *gromav1.Difference) string {
	return plain(d.GetAfter().GetSurvey().GetSource().GetName())
}

// sides says what is compared.
func (m *markdown) sides(d *gromav1.Difference) {
	var rows [][]string
	for _, fact := range facts(d) {
		rows = append(rows, []string{fact.what, report.Escape(fact.before), report.Escape(fact.after)})
	}
	m.table([]string{"", "before", "after"}, rows)
}

// A fact is something both sides have.
type fact struct{ what, before, after string }

func facts(d *gromav1.Difference) []fact {
	of := func(what string, say func(*gromav1.Side) string) fact {
		return fact{what, plain(say(d.Before)), plain(say(d.After))}
	}
	return []fact{
		of("survey", func(s *gromav1.Side) string { return s.GetSurvey().GetId() }),
		of("ended", func(s *gromav1.Side) string { return report.Moment(s.GetSurvey().GetEndedAt()) }),
		of("landscape", func(s *gromav1.Side) string { return s.GetSurvey().GetSource().GetName() }),
		of("SHA-256", func(s *gromav1.Side) string { return shorten(s.GetSurvey().GetSource().GetSha256()) }),
		of("projects", func(s *gromav1.Side) string { return report.Number(s.GetTotals().GetProjects()) }),
		of("repositories", func(s *gromav1.Side) string { return report.Number(s.GetTotals().GetRepositories()) }),
		of("with a count", func(s *gromav1.Side) string { return report.Number(countedOf(s)) }),
		of("method", func(s *gromav1.Side) string { return s.GetSurvey().GetMethod() }),
	}
}

func countedOf(s *gromav1.Side) int64 {
	outcomes := s.GetTotals().GetOutcomes()
	return outcomes["counted"] + outcomes["reused"]
}

func (m *markdown) questions(d *gromav1.Difference) {
	if len(d.Questions) == 0 {
		return
	}
	m.printf("**%s**\n\n", notAlike)
	var rows [][]string
	for _, q := range d.Questions {
		rows = append(rows, []string{q.What, report.Escape(plain(q.Before)), report.Escape(plain(q.After))})
	}
	m.table([]string{"asked", "before", "after"}, rows)
}

// notAlike stands above whatever follows.
const notAlike = "The two surveys do not ask the same question; some of what follows differs for that reason alone."

func (m *markdown) projects(d *gromav1.Difference) {
	var rows [][]string
	for _, p := range d.ProjectsIn {
		rows = append(rows, []string{"new", report.Escape(plain(p.Name)), report.Escape(maturity(p.Maturity)), report.Escape(noteOf(p, "accepted "+p.Accepted, "left out before: "))})
	}
	for _, p := range d.ProjectsOut {
		rows = append(rows, []string{"gone", report.Escape(plain(p.Name)), report.Escape(maturity(p.Maturity)), report.Escape(noteOf(p, "", "left out now: "))})
	}
	for _, p := range d.ProjectsRenamed {
		rows = append(rows, []string{"renamed", report.Escape(plain(p.NameAfter)), "", report.Escape("was " + plain(p.NameBefore) + ", known by its " + p.KnownBy)})
	}
	for _, p := range d.Maturities {
		rows = append(rows, []string{"maturity", report.Escape(plain(p.Name)), report.Escape(maturity(p.After)), report.Escape(maturityNote(p))})
	}
	if len(rows) > 0 {
		m.heading("Projects that came, went or changed")
		m.table([]string{"change", "project", "maturity", "note"}, rows)
	}
}

func noteOf(p *gromav1.ProjectPresence, text, excluded string) string {
	switch {
	case p.Excluded != "":
		return plain(excluded + p.Excluded)
	case p.Accepted == "":
		return ""
	}
	return plain(text)
}

func maturityNote(c *gromav1.MaturityChange) string {
	text := "was " + maturity(c.Before)
	if c.BeforeSince != "" {
		text += " since " + c.BeforeSince
	}
	if c.AfterSince != "" {
		text += ", " + maturity(c.After) + " since " + c.AfterSince
	}
	return plain(text)
}

// languages are the changes over all projects.
func (m *markdown) languages(d *gromav1.Difference) {
	if len(d.Languages) == 0 {
		return
	}
	m.heading("Lines of code by language")
	changes := append([]*gromav1.LanguageChange{d.All}, inFocus(d)...)
	shown := shownCauses(changes)
	var rows [][]string
	for _, c := range changes {
		rows = append(rows, append([]string{report.Escape(languageName(c.Language))}, figureCells(c, shown)...))
	}
	m.table(append([]string{"language"}, figureHeads(shown)...), rows)
}

// inFocus are the languages that changed, those first that were asked for.
func inFocus(d *gromav1.Difference) []*gromav1.LanguageChange {
	asked := focused(d)
	var first, others []*gromav1.LanguageChange
	for _, language := range asked {
		if c := find(d.Languages, language); c != nil {
			first = append(first, c)
		}
	}
	for _, c := range d.Languages {
		if find(first, c.Language) == nil {
			others = append(others, c)
		}
	}
	return append(first, others...)
}

// shownCauses are the numbers of the causes that any of some changes has.
func shownCauses(changes []*gromav1.LanguageChange) (shown []int) {
	for i := range causes {
		for _, c := range changes {
			if parts(c)[i].GetCode() != 0 {
				shown = append(shown, i)
				break
			}
		}
	}
	return shown
}

func figureHeads(shown []int) []string {
	heads := []string{"before:", "after:", "change:", "%:"}
	for _, i := range shown {
		heads = append(heads, "by "+causes[i].head+":")
	}
	return heads
}

func figureCells(c *gromav1.LanguageChange, shown []int) []string {
	cells := []string{report.Number(c.Before.GetCode()), report.Number(c.After.GetCode()), signed(c.Growth.GetPart()), percent(c.Growth)}
	for _, i := range shown {
		cells = append(cells, signed(parts(c)[i].GetCode()))
	}
	return cells
}

// A line is what changed in a project, in one language or all.
type line struct {
	project *gromav1.ProjectChange
	change  *gromav1.LanguageChange
}

// lines are the projects' changes in the languages that the surveys asked for,
// or in all together, the most first.
func lines(d *gromav1.Difference) (found []line) {
	asked := focused(d)
	for _, p := range d.Projects {
		if len(asked) == 0 && differs(p.All) {
			found = append(found, line{p, p.All})
		}
	}
	for _, language := range asked {
		start := len(found)
		for _, p := range d.Projects {
			if c := find(p.Languages, language); c != nil {
				found = append(found, line{p, c})
			}
		}
		sortLines(found[start:])
	}
	return found
}

func (m *markdown) byProject(d *gromav1.Difference) {
	found := lines(d)
	if len(found) == 0 {
		return
	}
	m.heading("Lines of code by project")
	var changes []*gromav1.LanguageChange
	for _, l := range found {
		changes = append(changes, l.change)
	}
	shown := shownCauses(changes)
	var rows [][]string
	for _, l := range found {
		rows = append(rows, append([]string{report.Escape(plain(l.project.Name)), report.Escape(languageName(l.change.Language))}, figureCells(l.change, shown)...))
	}
	m.table(append([]string{"project", "language"}, figureHeads(shown)...), rows)
	if !isZero(d.All.GetRepeated()) {
		m.printf("A repository that several projects name stands in the line of each; by language it is counted once.\n\n")
	}
}

func (m *markdown) repositories(d *gromav1.Difference) {
	var rows [][]string
	for _, r := range d.RepositoriesIn {
		rows = append(rows, []string{"new", report.Escape(r.Key), report.Escape(r.Outcome), report.Escape(projectsOf(r.Projects))})
	}
	for _, r := range d.RepositoriesOut {
		rows = append(rows, []string{"gone", report.Escape(r.Key), "was " + report.Escape(r.Outcome), report.Escape(projectsOf(r.Projects))})
	}
	for _, r := range d.RepositoriesMoved {
		rows = append(rows, []string{"moved", report.Escape(r.KeyAfter), report.Escape(movedNote(r)), report.Escape(projectsOf(r.Projects))})
	}
	if len(rows) > 0 {
		m.heading("Repositories that came, went or moved")
		m.table([]string{"change", "repository", "note", "projects"}, rows)
	}
}

func projectsOf(slugs []string) string {
	if more := len(slugs) - mostNamed; more > 0 {
		return strings.Join(slugs[:mostNamed], ", ") + " and " + report.Number(int64(more)) + " more"
	}
	return strings.Join(slugs, ", ")
}

func movedNote(r *gromav1.RepositoryMove) string {
	switch {
	case r.KeyBefore != r.KeyAfter:
		return "the landscape named it " + r.KeyBefore
	case r.NowAfter != r.KeyAfter:
		return "it is " + r.NowAfter + " now"
	}
	return "it is no longer " + r.NowBefore
}

func (m *markdown) outcomes(d *gromav1.Difference) {
	if len(d.Outcomes) == 0 {
		return
	}
	m.heading("Repositories that ended otherwise")
	var rows [][]string
	for _, o := range d.Outcomes {
		reason := o.ReasonAfter
		if reason == "" {
			reason = o.ReasonBefore
		}
		rows = append(rows, []string{report.Escape(o.Key), report.Escape(o.Before), report.Escape(o.After), report.Escape(plain(reason)), report.Escape(projectsOf(o.Projects))})
	}
	m.table([]string{"repository", "before", "after", "reason", "projects"}, rows)
}

func (m *markdown) commits(d *gromav1.Difference) {
	if len(d.Repositories) == 0 {
		return
	}
	m.heading("Commits and methods")
	var rows [][]string
	for _, r := range d.Repositories {
		rows = append(rows, []string{
			report.Escape(r.KeyAfter), commitCell(r.CommitBefore) + " → " + commitCell(r.CommitAfter),
			report.Day(r.CommittedBefore) + " → " + report.Day(r.CommittedAfter),
			signed(r.After.GetCode() - r.Before.GetCode()), repositoryCauses[r.Cause],
		})
	}
	m.table([]string{"repository", "commit", "day", "lines of code:", "cause"}, rows)
}

func commitCell(commit string) string { return "`" + strings.Map(hexadecimal, shorten(commit)) + "`" }

// hexadecimal keeps what a commit is made of.
func hexadecimal(r rune) rune {
	if strings.ContainsRune("0123456789abcdef", r) {
		return r
	}
	return -1
}

var repositoryCauses = map[string]string{
	causeCode: "other commit", causeMethod: "other method", causeBoth: "other commit and other method, not to be told apart",
	causeUnexplained: "unexplained: commit and method are the same",
}
