package difference

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// mostRows is how many rows a table has; the others are counted, and stand in
// the difference itself.
const mostRows = 30

// Document prints a difference as a document of its own, about some languages;
// where none is named, about those that the surveys asked for.
func Document(d *gromav1.Difference, languages ...string) []byte {
	m := newMarkdown(d, 1, languages)
	m.printf("# %s: what changed\n\n", m.say(d.GetAfter().GetSurvey().GetSource().GetName()))
	m.sides()
	m.out.Write(Markdown(d, 2, languages...))
	return m.out.Bytes()
}

// Markdown prints a difference for a place within a document: sentences, then
// sections with headings of the given level, from 1 to 6. Whatever strangers
// wrote is escaped. Languages are those of Document.
func Markdown(d *gromav1.Difference, level int, languages ...string) []byte {
	m := newMarkdown(d, level, languages)
	m.questions()
	for _, text := range m.sentences() {
		m.printf("- %s\n", text)
	}
	m.printf("\n")
	m.projects()
	m.byLanguage()
	m.byProject()
	m.repositories()
	m.outcomes()
	m.commits()
	return append(bytes.TrimRight(m.out.Bytes(), "\n"), '\n')
}

type markdown struct {
	view
	out   bytes.Buffer
	level int
}

func newMarkdown(d *gromav1.Difference, level int, languages []string) *markdown {
	say := func(text string) string { return report.Escape(plain(text)) }
	return &markdown{view: view{d, focused(d, languages), say}, level: min(max(level, 1), 6)}
}

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(&m.out, format, args...) }

func (m *markdown) heading(title string) {
	m.printf("%s %s\n\n", strings.Repeat("#", m.level), title)
}

// table prints a head and rows of cells that are markup already; a column
// whose title ends in ":" holds numbers. Rows beyond the bound are counted.
func (m *markdown) table(head []string, rows [][]string) {
	m.out.WriteString(report.TableHead(head...))
	for _, row := range rows[:min(len(rows), mostRows)] {
		m.printf("| %s |\n", strings.Join(row, " | "))
	}
	m.printf("\n")
	if more := len(rows) - mostRows; more > 0 {
		m.printf("And %s more, which the JSON form has.\n\n", report.Number(int64(more)))
	}
}

// sides says what is compared.
func (m *markdown) sides() {
	var rows [][]string
	for _, f := range facts(m.Difference) {
		rows = append(rows, []string{f.what, m.say(f.before), m.say(f.after)})
	}
	m.table([]string{"", "before", "after"}, rows)
}

// A fact is something both sides have.
type fact struct{ what, before, after string }

func facts(d *gromav1.Difference) []fact {
	of := func(what string, say func(*gromav1.Side) string) fact {
		return fact{what, plain(say(d.Before)), plain(say(d.After))}
	}
	all := []fact{
		of("survey", func(s *gromav1.Side) string { return s.GetSurvey().GetId() }),
		of("edition", edition),
		of("ended", func(s *gromav1.Side) string { return report.Moment(s.GetSurvey().GetEndedAt()) }),
		of("landscape", func(s *gromav1.Side) string { return s.GetSurvey().GetSource().GetName() }),
		of("landscape's SHA-256", func(s *gromav1.Side) string { return shorten(s.GetSurvey().GetSource().GetSha256()) }),
		of("projects", func(s *gromav1.Side) string { return report.Number(s.GetTotals().GetProjects()) }),
		of("repositories", func(s *gromav1.Side) string { return report.Number(s.GetTotals().GetRepositories()) }),
		of("with a count", func(s *gromav1.Side) string { return report.Number(countedOf(s)) }),
		of("method", func(s *gromav1.Side) string { return s.GetSurvey().GetMethod() }),
	}
	if edition(d.Before) == "1" && edition(d.After) == "1" {
		all = slices.DeleteFunc(all, func(f fact) bool { return f.what == "edition" })
	}
	return all
}

func edition(s *gromav1.Side) string {
	return report.Number(max(s.GetSurvey().GetEdition().GetNumber(), 1))
}

func countedOf(s *gromav1.Side) int64 {
	outcomes := s.GetTotals().GetOutcomes()
	return outcomes["counted"] + outcomes["reused"]
}

func (m *markdown) questions() {
	if len(m.Questions) == 0 {
		return
	}
	m.printf("**%s**\n\n", notAlike)
	var rows [][]string
	for _, q := range m.Questions {
		rows = append(rows, []string{q.What, m.say(q.Before), m.say(q.After)})
	}
	m.table([]string{"asked", "before", "after"}, rows)
}

// notAlike stands above whatever follows.
const notAlike = "The two surveys do not ask the same question; some of what follows differs for that reason alone."

func (m *markdown) projects() {
	var rows [][]string
	for _, p := range m.ProjectsIn {
		rows = append(rows, []string{"new", m.say(p.Name), m.maturity(p.Maturity), m.presenceNote(p, "left out before: ")})
	}
	for _, p := range m.ProjectsOut {
		rows = append(rows, []string{"gone", m.say(p.Name), m.maturity(p.Maturity), m.presenceNote(p, "left out now: ")})
	}
	for _, p := range m.ProjectsRenamed {
		rows = append(rows, []string{"renamed", m.say(p.NameAfter), "", "was " + m.say(p.NameBefore) + ", known by its " + p.KnownBy})
	}
	for _, p := range m.Maturities {
		rows = append(rows, []string{"maturity", m.say(p.Name), m.maturity(p.After), m.maturityNote(p)})
	}
	if len(rows) > 0 {
		m.heading("Projects that came, went or changed")
		m.table([]string{"change", "project", "maturity", "note"}, rows)
	}
}

func (m *markdown) presenceNote(p *gromav1.ProjectPresence, excluded string) string {
	switch {
	case p.Excluded != "":
		return excluded + m.say(p.Excluded)
	case p.Accepted != "":
		return "accepted " + m.say(p.Accepted)
	}
	return ""
}

func (m *markdown) maturityNote(c *gromav1.MaturityChange) string {
	text := "was " + m.maturity(c.Before)
	if c.BeforeSince != "" {
		text += " since " + m.say(c.BeforeSince)
	}
	if c.AfterSince != "" {
		text += ", " + m.maturity(c.After) + " since " + m.say(c.AfterSince)
	}
	return text
}

// byLanguage has the changes over all projects.
func (m *markdown) byLanguage() {
	changes := append([]*gromav1.LanguageChange{m.All}, m.inFocus()...)
	if len(changes) == 1 {
		return
	}
	m.heading("Lines of code by language")
	shown := shownCauses(changes)
	var rows [][]string
	for _, c := range changes {
		rows = append(rows, append([]string{m.language(c)}, figureCells(c, shown)...))
	}
	m.table(append([]string{"language"}, figureHeads(shown)...), rows)
	m.legend(shown)
}

// inFocus are the languages that changed, those first that it is about.
func (v view) inFocus() []*gromav1.LanguageChange {
	var first, others []*gromav1.LanguageChange
	for _, language := range v.languages {
		if c := find(v.Languages, language); c != nil {
			first = append(first, c)
		}
	}
	for _, c := range v.Languages {
		if find(first, c.Language) == nil && ofCode(c) {
			others = append(others, c)
		}
	}
	return append(first, others...)
}

// ofCode reports whether a change is one of lines of code, rather than of
// comments or bytes alone.
func ofCode(c *gromav1.LanguageChange) bool {
	return c.Growth.GetPart() != 0 || slices.ContainsFunc(parts(c), func(part *gromav1.Counts) bool { return part.GetCode() != 0 })
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

// legend says what the columns of some causes mean.
func (m *markdown) legend(shown []int) {
	var meanings []string
	for _, i := range shown {
		meanings = append(meanings, "by "+causes[i].head+": "+strings.TrimPrefix(causes[i].words, "by "))
	}
	if len(meanings) > 0 {
		m.printf("What the change is made of: %s.\n\n", strings.Join(meanings, "; "))
	}
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

// lines are the projects' changes in the languages that it is about, or in all
// together, the most first.
func (v view) lines() (found []line) {
	for _, p := range v.Projects {
		if len(v.languages) == 0 && ofCode(p.All) {
			found = append(found, line{p, p.All})
		}
	}
	for _, language := range v.languages {
		start := len(found)
		for _, p := range v.Projects {
			if c := find(p.Languages, language); c != nil && ofCode(c) {
				found = append(found, line{p, c})
			}
		}
		slices.SortStableFunc(found[start:], func(x, y line) int { return mostFirst(x.change, y.change) }) // which come by slug
	}
	return found
}

func (m *markdown) byProject() {
	found := m.lines()
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
		rows = append(rows, append([]string{m.say(l.project.Name), m.language(l.change)}, figureCells(l.change, shown)...))
	}
	m.table(append([]string{"project", "language"}, figureHeads(shown)...), rows)
	if m.All.GetRepeated() != nil {
		m.printf("A repository that several projects name stands in the line of each; by language it is counted once.\n\n")
	}
}

func (m *markdown) repositories() {
	var rows [][]string
	for _, r := range m.RepositoriesIn {
		rows = append(rows, []string{"new", m.say(r.Key), m.say(r.Outcome), m.slugs(r.Projects)})
	}
	for _, r := range m.RepositoriesOut {
		rows = append(rows, []string{"gone", m.say(r.Key), "was " + m.say(r.Outcome), m.slugs(r.Projects)})
	}
	for _, r := range m.RepositoriesMoved {
		rows = append(rows, []string{"moved", m.say(r.KeyAfter), m.movedNote(r), m.slugs(r.Projects)})
	}
	if len(rows) > 0 {
		m.heading("Repositories that came, went or moved")
		m.table([]string{"change", "repository", "note", "projects"}, rows)
	}
}

func (m *markdown) slugs(slugs []string) string {
	more := len(slugs) - mostNamed
	if more > 0 {
		slugs = slugs[:mostNamed]
	}
	text := m.say(strings.Join(slugs, ", "))
	if more > 0 {
		text += " and " + report.Number(int64(more)) + " more"
	}
	return text
}

func (m *markdown) movedNote(r *gromav1.RepositoryMove) string {
	switch {
	case r.KeyBefore != r.KeyAfter:
		return "the landscape named it " + m.say(r.KeyBefore)
	case r.NowAfter != r.KeyAfter:
		return "it is " + m.say(r.NowAfter) + " now"
	}
	return "it is no longer " + m.say(r.NowBefore)
}

func (m *markdown) outcomes() {
	if len(m.Outcomes) == 0 {
		return
	}
	m.heading("Repositories that ended otherwise")
	var rows [][]string
	for _, o := range m.Outcomes {
		rows = append(rows, []string{m.say(o.Key), m.say(o.Before), m.say(o.After), m.say(cmp.Or(o.ReasonAfter, o.ReasonBefore)), m.slugs(o.Projects)})
	}
	m.table([]string{"repository", "before", "after", "reason", "projects"}, rows)
}

func (m *markdown) commits() {
	if len(m.Repositories) == 0 {
		return
	}
	m.heading("Commits and methods")
	var rows [][]string
	for _, r := range m.Repositories {
		rows = append(rows, []string{
			m.say(r.KeyAfter), commitCell(r.CommitBefore) + " → " + commitCell(r.CommitAfter),
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
	code.String(): "other commit", method.String(): "other method", both.String(): "other commit and other method, not to be told apart",
	onlyBranch: "other branch, same commit", unexplained.String(): "unexplained: commit and method are the same",
}
