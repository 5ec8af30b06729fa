package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

var groupClass = map[string]string{"": "c1", report.GroupPure: "c1", report.GroupComponent: "c2", report.GroupPackages: "c3"}

// sizeChart is a bar for each project, as long as the figure that the measure
// names.
func (w *writer) sizeChart() *chart {
	if len(w.Projects) == 0 {
		return nil
	}
	drawn := w.Projects[:min(len(w.Projects), mostBars)]
	c := &chart{
		Title: w.what() + ", by project", Legend: w.groupKeys(),
		Note: firstOf(len(drawn), len(w.Projects), "project", "projects", "the table has all"),
	}
	var said []string
	for _, p := range drawn {
		amount := report.Number(p.Measured)
		c.bar(p.Project.Name, amount, drawn[0].Measured, []segment{{p.Measured, groupClass[p.Group], amount}})
		said = append(said, p.Project.Name+" "+amount)
	}
	c.Description = "A bar for each project, the longest first: " + strings.Join(said, "; ") + "."
	return c
}

// what is what the measure counts, of the report's language.
func (w *writer) what() string {
	if w.Language == "" {
		return strings.ToUpper(w.unit[:1]) + w.unit[1:] + " of programming languages"
	}
	return w.Language + ", " + w.unit
}

// groupKeys are the groups that have projects.
func (w *writer) groupKeys() (keys []key) {
	for _, group := range report.Groups() {
		if group != "" && slices.ContainsFunc(w.Crowds, func(crowd *gromav1.Crowd) bool { return crowd.Group == group }) {
			keys = append(keys, key{groupClass[group], report.GroupTitle(group)})
		}
	}
	return keys
}

// languageChart is a bar for each programming language.
func (w *writer) languageChart() *chart {
	languages := slices.DeleteFunc(slices.Clone(w.Languages), func(l *gromav1.LanguageAnalysis) bool { return l.Share == nil })
	if len(languages) == 0 {
		return nil
	}
	drawn := languages[:min(len(languages), mostBars)]
	c := &chart{
		Title: strings.ToUpper(w.unit[:1]) + w.unit[1:] + " by programming language",
		Note:  firstOf(len(drawn), len(languages), "programming language", "programming languages", "the table has all"),
	}
	var said []string
	for _, l := range drawn {
		amount := report.Number(l.Share.Part)
		c.bar(l.Language, amount+" ("+report.Percent(l.Share)+")", drawn[0].Share.Part, []segment{{l.Share.Part, "c1", amount}})
		said = append(said, l.Language+" "+amount)
	}
	c.Description = "A bar for each language, the longest first: " + strings.Join(said, "; ") + "."
	return c
}

// mixChart is a bar for each project, all of the same length, with a segment
// for each language.
func (w *writer) mixChart() *chart {
	mixed := slices.DeleteFunc(slices.Clone(w.Projects), func(p *gromav1.ProjectAnalysis) bool { return len(p.Mix) == 0 })
	if len(mixed) == 0 {
		return nil
	}
	drawn := mixed[:min(len(mixed), mostBars)]
	classes, keys := w.languageKeys(drawn)
	c := &chart{
		Split: true, Title: "Mix of programming languages, by project", Legend: keys, Table: &table{Caption: "Mix of programming languages, by project", Columns: columns("project", "languages, by "+w.unit)},
		Note:        firstOf(len(drawn), len(mixed), "project", "projects", "the others stand in their own sections"),
		Description: "A bar for each project, divided among its languages. The table below it has their shares.",
	}
	for _, p := range drawn {
		var segments []segment
		for _, l := range p.Mix {
			segments = append(segments, segment{l.GetShare().GetPart(), cmp.Or(classes[l.Language], rest), l.Language + " " + report.Percent(l.Share)})
		}
		if p.Rest != nil {
			segments = append(segments, segment{p.Rest.GetShare().GetPart(), rest, "others " + report.Percent(p.Rest.Share)})
		}
		lead := p.Mix[0]
		c.bar(p.Project.Name, lead.Language+" "+report.Percent(lead.Share), lead.GetShare().GetWhole(), segments)
		c.Table.row(w.leading(p.Project.Slug), mixText(p.Mix, p.Rest))
	}
	return c
}

// languageKeys gives colours to the report's language and to those that fill
// the most of some bars.
func (w *writer) languageKeys(projects []*gromav1.ProjectAnalysis) (classes map[string]string, keys []key) {
	filled := map[string]float64{}
	others := false
	for _, p := range projects {
		others = others || p.Rest != nil
		for _, l := range p.Mix {
			if whole := l.GetShare().GetWhole(); whole > 0 {
				filled[l.Language] += float64(l.Share.Part) / float64(whole)
			}
		}
	}
	names := slices.SortedFunc(maps.Keys(filled), func(a, b string) int {
		return cmp.Or(-compareTrue(a == w.Language, b == w.Language), cmp.Compare(filled[b], filled[a]), cmp.Compare(a, b))
	})
	classes = map[string]string{}
	for i, name := range names[:min(len(names), colours)] {
		classes[name] = colour(i + 1)
		keys = append(keys, key{classes[name], name})
	}
	if others || len(names) > colours {
		keys = append(keys, key{rest, "other languages"})
	}
	return classes, keys
}

func compareTrue(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// crowdChart is a bar for each maturity, with a segment for each group, as
// long as there are projects.
func (w *writer) crowdChart() *chart {
	maturities := report.Maturities(w.Analysis)
	if len(maturities) == 0 {
		return nil
	}
	keys := w.groupKeys()
	c := &chart{Title: "Projects by maturity and group", Split: true, Legend: keys}
	heads := []string{"maturity"}
	for _, k := range keys {
		heads = append(heads, k.Text+":")
	}
	if len(keys) == 0 {
		c.Title, heads = "Projects by maturity", append(heads, "projects:")
	}
	c.Table = &table{Caption: c.Title, Columns: columns(heads...)}
	var said []string
	for _, maturity := range maturities {
		segments, row, all := w.crowdsOf(maturity, len(keys) == 0)
		c.Table.row(row...)
		c.bar(report.MaturityTitle(maturity), report.Plural(all, "project", "projects"), w.longestCrowd(), segments)
		said = append(said, report.MaturityTitle(maturity)+": "+report.Plural(all, "project", "projects"))
	}
	c.Description = "A bar for each maturity, divided among the groups. " + strings.Join(said, "; ") + ". The table below it has them by group."
	return c
}

// crowdsOf are the crowds of a maturity: as segments, as a row, and together.
func (w *writer) crowdsOf(maturity string, ungrouped bool) (segments []segment, row []any, all int64) {
	row = []any{report.MaturityTitle(maturity)}
	for _, group := range report.Groups() {
		var n int64
		for _, crowd := range w.Crowds {
			if crowd.Maturity == maturity && crowd.Group == group {
				n += int64(len(crowd.Projects))
			}
		}
		all += n
		segments = append(segments, segment{n, groupClass[group], report.Number(n) + " " + strings.ToLower(report.GroupTitle(group))})
		if ungrouped == (group == "") && (ungrouped || w.hasGroup(group)) {
			row = append(row, n)
		}
	}
	return segments, row, all
}

func (w *writer) hasGroup(group string) bool {
	return slices.ContainsFunc(w.Crowds, func(crowd *gromav1.Crowd) bool { return crowd.Group == group })
}

// longestCrowd is how many projects the maturity with the most has.
func (w *writer) longestCrowd() int64 {
	var longest int64
	sums := map[string]int64{}
	for _, crowd := range w.Crowds {
		sums[crowd.Maturity] += int64(len(crowd.Projects))
		longest = max(longest, sums[crowd.Maturity])
	}
	return longest
}

// Sizes of the years' columns, in pixels, and where they begin, in percent.
const (
	mostYears    = 40
	columnHeight = 160
	columnTop    = 20
	columnsBegin = 8.0
)

// yearChart is a column for each year, as high as things happened in it. Years
// in which nothing did have room, too, unless they are many.
func (w *writer) yearChart() *chart {
	years := withGaps(w.Years)
	c := &chart{Title: "Projects by year of their dates", Split: true, Height: columnTop + columnHeight + 24}
	if len(years) > mostYears {
		c.Note = firstOf(mostYears, len(years), "year", "years", "the table has all")
		c.Note = strings.Replace(c.Note, "first", "last", 1)
		years = years[len(years)-mostYears:]
	}
	highest := 1
	for _, y := range years {
		highest = max(highest, happened(y))
	}
	step := tick(highest)
	top := (highest + step - 1) / step * step
	for n := 0; n <= top; n += step {
		y := columnTop + columnHeight - n*columnHeight/top
		c.Rules = append(c.Rules, y)
		c.Labels = append(c.Labels, label{X: "0", Y: y - 4, Text: fmt.Sprint(n)})
	}
	c.Description = "A column for each year, divided into what happened."
	for i, y := range years {
		c.year(y, i, len(years), top)
	}
	for i, event := range eventsOf(&gromav1.Year{}) {
		c.Legend = append(c.Legend, key{colour(i + 1), event.what})
	}
	return c
}

// year adds the column of a year.
func (c *chart) year(y *gromav1.Year, place, of, top int) {
	slot := (100 - columnsBegin) / float64(of)
	left := columnsBegin + slot*float64(place)
	const perLabel = 12 // years whose labels fit side by side
	if place%(1+(of-1)/perLabel) == 0 {
		c.Labels = append(c.Labels, label{X: fmt.Sprintf("%.2f%%", left+slot/2), Y: c.Height - 6, Anchor: "middle", Text: fmt.Sprint(y.Year)})
	}
	before := 0
	var said []string
	for i, event := range eventsOf(y) {
		n := len(event.slugs)
		if n == 0 {
			continue
		}
		from, to := before*columnHeight/top, (before+n)*columnHeight/top
		words := report.Number(int64(n)) + " " + event.what
		c.Rects = append(c.Rects, rect{
			X: fmt.Sprintf("%.2f%%", left+slot*0.15), Width: fmt.Sprintf("%.2f%%", slot*0.7),
			Y: columnTop + columnHeight - to, Height: to - from, Class: colour(i + 1), Title: fmt.Sprintf("%d, %s", y.Year, words),
		})
		said = append(said, words)
		before += n
	}
	if len(said) > 0 {
		c.Description += fmt.Sprintf(" %d: %s.", y.Year, strings.Join(said, ", "))
	}
}

func happened(y *gromav1.Year) (n int) {
	for _, event := range eventsOf(y) {
		n += len(event.slugs)
	}
	return n
}

// withGaps puts the years between, unless the dates are too far apart to be
// drawn.
func withGaps(years []*gromav1.Year) []*gromav1.Year {
	first, last := years[0].Year, years[len(years)-1].Year
	if last-first >= mostYears {
		return years
	}
	all := make([]*gromav1.Year, last-first+1)
	for i := range all {
		all[i] = &gromav1.Year{Year: first + int64(i)}
	}
	for _, y := range years {
		all[y.Year-first] = y
	}
	return all
}

// tick is a round number of which at most five make a number.
func tick(n int) int {
	for power := 1; ; power *= 10 {
		for _, round := range []int{1, 2, 5} {
			if n <= 5*round*power {
				return round * power
			}
		}
	}
}
