package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	gromav1 "groma/proto/groma/v1"
)

// findings is the table that people read first. Every number in it is counted
// from the same projects that the rest of the report prints.
func findings(a *gromav1.Analysis) []*gromav1.Finding {
	var rows []*gromav1.Finding
	add := func(metric, value, note string) {
		rows = append(rows, &gromav1.Finding{Metric: metric, Value: value, Note: note})
	}
	c := a.Coverage
	known := fmt.Sprintf("of %s in the landscape, %s with a count", Plural(c.Projects, "project", "projects"), Number(c.ProjectsWithCount))
	if a.Language == "" {
		add("Projects with code", Number(int64(len(a.Projects))), fmt.Sprintf("of %s in the landscape", Plural(c.Projects, "project", "projects")))
		add("Languages", Number(int64(len(a.Languages))), "with at least one file of source, test or generated code")
	} else {
		add("Projects with "+a.Language, Number(int64(len(a.Projects))), known)
		groupFindings(a, add)
	}
	for _, maturity := range Maturities(a) {
		n, note := ofMaturity(a, maturity)
		add(MaturityTitle(maturity), Number(n), note)
	}
	codeFindings(a, add)
	dateFindings(a, add)
	add("Repositories counted", Number(c.Counted), fmt.Sprintf("of %s", Number(c.Repositories)))
	return rows
}

func groupFindings(a *gromav1.Analysis, add func(metric, value, note string)) {
	add("Pure", Number(countGroup(a.Projects, GroupPure)), "at least "+threshold(a.Rule)+" of the "+wholeOf(a.Rule.Measure))
	add("Components", Number(countGroup(a.Projects, GroupComponent)), "below that, with at least "+Plural(a.Rule.ComponentLines, "line", "lines")+" of code")
	if len(a.Rule.Ecosystems) > 0 {
		add("Packages only", Number(countGroup(a.Projects, GroupPackages)), "fewer lines, with packages of "+enumerate(a.Rule.Ecosystems))
	}
	traces := int64(0)
	for _, p := range a.Others {
		if p.Group == GroupTraces {
			traces++
		}
	}
	if traces > 0 {
		add("Traces", Number(traces), "fewer lines and no package; not among the projects with "+a.Language)
	}
}

func countGroup(projects []*gromav1.ProjectAnalysis, group string) (n int64) {
	for _, p := range projects {
		if p.Group == group {
			n++
		}
	}
	return n
}

// ofMaturity counts the projects of a maturity and says of which groups.
func ofMaturity(a *gromav1.Analysis, maturity string) (n int64, note string) {
	var parts []string
	for _, crowd := range a.Crowds {
		if crowd.Maturity != maturity {
			continue
		}
		size := int64(len(crowd.Projects))
		n += size
		if crowd.Group != "" {
			parts = append(parts, Number(size)+" "+groupWords[crowd.Group])
		}
	}
	for _, covered := range a.Coverage.Maturities {
		if covered.Maturity == maturity {
			parts = append(parts, fmt.Sprintf("of %s with a count", Number(covered.ProjectsWithCount)))
		}
	}
	return n, strings.Join(parts, ", ")
}

var groupWords = map[string]string{GroupPure: "pure", GroupComponent: "with components", GroupPackages: "with packages only"}

// GroupTitle names a group for people.
func GroupTitle(group string) string {
	return map[string]string{
		GroupPure: "Pure", GroupComponent: "Component", GroupPackages: "Packages only",
		GroupTraces: "Traces", GroupNone: "None", GroupUncounted: "No count",
	}[group]
}

// MaturityTitle names a maturity for people.
func MaturityTitle(maturity string) string {
	if maturity == "" {
		return "Without maturity"
	}
	first, size := utf8.DecodeRuneInString(maturity)
	return string(unicode.ToUpper(first)) + maturity[size:]
}

func codeFindings(a *gromav1.Analysis, add func(metric, value, note string)) {
	name, note := a.Language, "each repository once"
	if a.Language == "" {
		name, note = "Code", "programming languages, each repository once"
	} else if a.Share.Whole > 0 {
		note = fmt.Sprintf("each repository once; %s of %s %s of all programming languages", Percent(a.Share), Number(a.Share.Whole), Unit(a.Rule.Measure))
	}
	add(name+", "+Unit(a.Rule.Measure), Number(Measured(a.Totals, a.Rule.Measure)), note)
}

func dateFindings(a *gromav1.Analysis, add func(metric, value, note string)) {
	projects := byDate(a.Projects, (*gromav1.Project).GetAccepted)
	projects = slices.DeleteFunc(projects, func(p *gromav1.Project) bool { _, ok := yearOf(p.Accepted); return !ok })
	if len(projects) == 0 {
		return
	}
	first, last := projects[0].Accepted, projects[len(projects)-1].Accepted
	on := func(date string) string {
		var names []string
		for _, p := range projects {
			if p.Accepted == date {
				names = append(names, p.Name)
			}
		}
		return listed(names, 3)
	}
	add("First accepted", first, on(first))
	add("Most recent", last, on(last))
}

// threshold prints the share from which on a project is pure.
func threshold(rule *gromav1.Rule) string {
	digits := fmt.Sprintf("%d.%04d", rule.PurePartsPerMillion/10_000, rule.PurePartsPerMillion%10_000)
	return strings.TrimSuffix(strings.TrimRight(digits, "0"), ".") + " %"
}

func wholeOf(measure string) string {
	return Unit(measure) + " of the programming languages"
}
