package report

import (
	"net/url"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// references are where a reader goes on: the landscape, then of each project
// its home and its main repository, each address once.
func references(a *gromav1.Analysis) []*gromav1.Reference {
	var found []*gromav1.Reference
	seen := map[string]bool{}
	add := func(text, address string) {
		if link := webLink(address); link != "" && !seen[link] {
			seen[link] = true
			found = append(found, &gromav1.Reference{Text: text, Link: link})
		}
	}
	add("Landscape "+a.Survey.GetSource().GetName(), a.Survey.GetSpec().GetSource())
	if a.Language == "" {
		return found // every project would be in it
	}
	for _, p := range a.Projects {
		add(p.Project.Name, p.Project.Homepage)
		for _, r := range p.Repositories {
			if r.Main {
				add(p.Project.Name+" repository", r.Link)
			}
		}
	}
	return found
}

// landscapeCommit is the commit that the landscape's address names, as those
// of raw files do; else it is empty.
func landscapeCommit(r *gromav1.Report) string {
	u, err := url.Parse(r.GetSurvey().GetSpec().GetSource())
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if isHash(segment) {
			return segment
		}
	}
	return ""
}
