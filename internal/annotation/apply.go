package annotation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"groma/internal/landscape"
	gromav1 "groma/proto/groma/v1"
)

const (
	// RoleAnnotated says why a repository is in a landscape that only an
	// analyst names: "<project slug>: annotated".
	RoleAnnotated = "annotated"
	// LeftOut counts the projects that an analyst leaves out.
	LeftOut = "excluded by annotation"
	// Source is that of warnings about annotations.
	Source = "annotations"
)

// mostCompared bounds how many names are compared for a hint.
const mostCompared = 1_000_000

// Apply returns a landscape with the repositories that annotations add and
// without what they leave out. It changes neither of the two it is given.
//
// A project that is left out counts in the landscape's left_out. A repository
// that is left out, a repository that is not where it is said to be, and a
// project that the landscape does not have are warnings. A repository that
// other projects have, too, stays theirs.
func Apply(l *gromav1.Landscape, a *gromav1.Annotations) *gromav1.Landscape {
	applied := proto.Clone(l).(*gromav1.Landscape)
	s := &settler{
		landscape: applied,
		projects:  map[string]*gromav1.Project{},
		byKey:     map[string]*gromav1.PlannedRepository{},
	}
	for _, p := range applied.Projects {
		s.projects[p.Slug] = p
		s.slugs = append(s.slugs, p.Slug)
	}
	for _, r := range applied.Repositories {
		s.byKey[r.Key] = r
	}
	for _, annotation := range a.GetProjects() {
		s.settle(annotation)
	}
	s.gather()
	return applied
}

// settler applies annotations to a landscape of its own.
type settler struct {
	landscape *gromav1.Landscape
	projects  map[string]*gromav1.Project
	byKey     map[string]*gromav1.PlannedRepository
	slugs     []string
	compared  int
}

func (s *settler) warn(line int64, format string, args ...any) {
	s.landscape.Warnings = append(s.landscape.Warnings, &gromav1.Warning{
		Source: Source, Line: line, Message: clean(fmt.Sprintf(format, args...)),
	})
}

func (s *settler) settle(a *gromav1.ProjectAnnotation) {
	project := s.projects[a.Slug]
	switch {
	case project == nil:
		s.warn(a.Line, "project %s is not in the landscape%s: nothing that is said of it is used", quoted(a.Project), s.hint(a.Slug))
		return
	case a.Excluded != nil:
		s.exclude(project)
		return
	}
	for _, e := range a.ExcludeRepositories {
		s.drop(project, e)
	}
	for _, e := range a.ExtraRepositories {
		s.add(project, e)
	}
	for _, role := range a.Roles {
		if !slices.Contains(project.Repositories, role.Key) {
			s.warn(a.Line, "%s has a role in project %s and is none of its repositories", quoted(role.Key), quoted(a.Project))
		}
	}
}

func (s *settler) hint(slug string) string {
	if s.compared += len(s.slugs); s.compared > mostCompared {
		return ""
	}
	if near := landscape.Nearest(slug, s.slugs); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// exclude takes a project out, and itself out of the reasons of its
// repositories.
func (s *settler) exclude(p *gromav1.Project) {
	delete(s.projects, p.Slug)
	if s.landscape.LeftOut == nil {
		s.landscape.LeftOut = map[string]int64{}
	}
	s.landscape.LeftOut[LeftOut]++
	for _, key := range p.Repositories {
		s.forget(p, key)
	}
}

// drop takes a repository out of a project.
func (s *settler) drop(p *gromav1.Project, e *gromav1.ExcludedRepository) {
	at := slices.Index(p.Repositories, e.Key)
	if at < 0 {
		s.warn(e.Line, "%s is left out of project %s, which does not have it", quoted(e.Key), quoted(p.Name))
		return
	}
	p.Repositories = slices.Delete(p.Repositories, at, at+1)
	s.forget(p, e.Key)
	s.warn(e.Line, "%s is left out of project %s: %s", quoted(e.Key), quoted(p.Name), e.Reason)
}

// forget takes a project out of the reasons of a repository. One without
// reasons is no longer surveyed.
func (s *settler) forget(p *gromav1.Project, key string) {
	r := s.byKey[key]
	if r == nil {
		return
	}
	r.Why = slices.DeleteFunc(r.Why, func(why string) bool { return strings.HasPrefix(why, p.Slug+": ") })
	if len(r.Why) == 0 {
		delete(s.byKey, key)
	}
}

// add gives a project one more repository.
func (s *settler) add(p *gromav1.Project, e *gromav1.ExtraRepository) {
	r := s.byKey[e.Key]
	if r == nil {
		r = &gromav1.PlannedRepository{Key: e.Key, Host: e.Host, Owner: e.Owner, Name: e.Name, Address: e.Address, Branch: e.Branch}
		s.byKey[e.Key] = r
	}
	switch {
	case r.Branch == "":
		r.Branch = e.Branch
	case e.Branch != "" && e.Branch != r.Branch:
		s.warn(e.Line, "%s is counted at branch %s, not at %s: it is asked for elsewhere already", quoted(e.Key), quoted(r.Branch), quoted(e.Branch))
	}
	r.Aliases = append(r.Aliases, e.Spelling, e.Address)
	slices.Sort(r.Aliases)
	r.Aliases = slices.DeleteFunc(slices.Compact(r.Aliases), func(alias string) bool { return alias == r.Address })
	if why := p.Slug + ": " + RoleAnnotated; !slices.Contains(r.Why, why) {
		r.Why = append(r.Why, why)
	}
	if !slices.Contains(p.Repositories, e.Key) {
		p.Repositories = append(p.Repositories, e.Key)
	}
}

// gather puts what is left back into the landscape, in its order.
func (s *settler) gather() {
	l := s.landscape
	l.Projects = slices.DeleteFunc(l.Projects, func(p *gromav1.Project) bool { return s.projects[p.Slug] == nil })
	l.Repositories = l.Repositories[:0]
	for _, r := range s.byKey {
		l.Repositories = append(l.Repositories, r)
	}
	slices.SortFunc(l.Repositories, func(a, b *gromav1.PlannedRepository) int { return strings.Compare(a.Key, b.Key) })
	slices.SortStableFunc(l.Warnings, func(a, b *gromav1.Warning) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
}
