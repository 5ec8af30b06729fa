package report

import (
	"fmt"
	"slices"

	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

// insights are sentences that follow from the figures: each names the numbers
// it is made of, and they are those that the tables print.
func insights(a *gromav1.Analysis) []string {
	var sentences []string
	for _, say := range []func(*gromav1.Analysis) string{
		ofAllCode, ofTheLargest, ofGraduated, ofPureMaturities, ofSecondary, ofCategories, ofYears, ofHealth,
	} {
		if sentence := say(a); sentence != "" {
			sentences = append(sentences, sentence)
		}
	}
	return sentences
}

func ofAllCode(a *gromav1.Analysis) string {
	if a.Language == "" || a.Share.Part == 0 {
		return ""
	}
	return fmt.Sprintf("%s is %s of what was counted: %s of %s %s of all programming languages, each repository once.",
		a.Language, Percent(a.Share), Number(a.Share.Part), Number(a.Share.Whole), Unit(a.Rule.Measure))
}

// ofTheLargest says how much the first projects hold together. Where they
// share repositories their sum is no part of the total, and nothing is said.
func ofTheLargest(a *gromav1.Analysis) string {
	const first = 3
	total := Measured(a.Totals, a.Rule.Measure)
	if len(a.Projects) <= first || total == 0 || len(a.Shared) > 0 {
		return ""
	}
	var names []string
	var sum int64
	for _, p := range a.Projects[:first] {
		names = append(names, p.Project.Name)
		sum += p.Measured
	}
	return fmt.Sprintf("The largest three, %s, hold %s of %s %s (%s).",
		enumerate(names), Number(sum), Number(total), Unit(a.Rule.Measure), Percent(shareOf(sum, total)))
}

func ofGraduated(a *gromav1.Analysis) string {
	if a.Language == "" {
		return ""
	}
	var using, known int64
	for _, p := range a.Projects {
		if p.Project.Maturity == "graduated" && p.Group != GroupPackages {
			using++
		}
	}
	for _, m := range a.Coverage.Maturities {
		if m.Maturity == "graduated" {
			known = m.ProjectsWithCount
		}
	}
	if known == 0 {
		return ""
	}
	return fmt.Sprintf("Of %s with a count, %s in %s, pure or as a component.",
		Plural(known, "graduated project", "graduated projects"), Plural(using, "has code", "have code"), a.Language)
}

func ofPureMaturities(a *gromav1.Analysis) string {
	pure := countGroup(a.Projects, GroupPure)
	if pure == 0 {
		return ""
	}
	var parts []string
	for _, crowd := range a.Crowds {
		if crowd.Group == GroupPure {
			parts = append(parts, Number(int64(len(crowd.Projects)))+" "+maturityWord(crowd.Maturity))
		}
	}
	if len(parts) < 2 {
		return ""
	}
	return fmt.Sprintf("Of the %s, %s.", Plural(pure, "pure project", "pure projects"), enumerate(parts))
}

func maturityWord(maturity string) string {
	if maturity == "" {
		return "without a maturity"
	}
	return maturity
}

func ofSecondary(a *gromav1.Analysis) string {
	var names []string
	for _, p := range a.Projects {
		if p.Evidence == EvidenceSecondary {
			names = append(names, p.Project.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("In %s the %s stands in secondary repositories, not in the main one: %s.",
		Plural(int64(len(names)), "project", "projects"), a.Language, listed(names, 12))
}

func ofCategories(a *gromav1.Analysis) string {
	if len(a.Leaders) < 2 {
		return ""
	}
	most := slices.MaxFunc(a.Leaders, func(x, y *gromav1.Leader) int { return int(x.Projects - y.Projects) })
	what := "with a count"
	if a.Language != "" {
		what = "with " + a.Language
	}
	return fmt.Sprintf("The projects %s stand in %s of the landscape; the most, %s, in %s.",
		what, Plural(int64(len(a.Leaders)), "category", "categories"), Number(most.Projects), most.Category)
}

func ofYears(a *gromav1.Analysis) string {
	if len(a.Years) < 2 {
		return ""
	}
	most := slices.MaxFunc(a.Years, func(x, y *gromav1.Year) int { return len(x.Accepted) - len(y.Accepted) })
	if len(most.Accepted) < 2 {
		return ""
	}
	return fmt.Sprintf("The year in which the most of these projects were accepted is %d, with %d.", most.Year, len(most.Accepted))
}

func ofHealth(a *gromav1.Analysis) string {
	counts := map[string]int64{}
	var words []string
	for _, p := range a.Projects {
		if p.Health == nil {
			continue
		}
		if counts[p.Health.Health]++; counts[p.Health.Health] == 1 {
			words = append(words, p.Health.Health)
		}
	}
	if len(words) == 0 {
		return ""
	}
	slices.Sort(words)
	var parts []string
	for _, word := range words {
		parts = append(parts, fmt.Sprintf("%s %s", Number(counts[word]), ofSeveral(word, counts[word])))
	}
	return "Health, by the figures of the health table: " + enumerate(parts) + "."
}

// ofSeveral is a verdict as it is said of so many projects.
func ofSeveral(verdict string, n int64) string {
	if verdict == vitals.NeedsAttention && n != 1 {
		return "need attention"
	}
	return verdict
}
