package landscape

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// monitored is one project of CLOMonitor's file.
type monitored struct {
	name         string
	line         int
	repositories []monitoredRepository
	joined       []*entry
}

type monitoredRepository struct {
	address string
	line    int
}

// join adds to each entry the repositories that CLOMonitor has of it.
func (s *reading) join(data []byte) error {
	projects, err := s.readMonitored(data)
	if err != nil {
		return err
	}
	byName := map[string]*monitored{}
	for _, m := range projects {
		if first := byName[m.name]; first != nil {
			s.notes.add(sourceClomonitor, m.line, "project %s stands twice; its repositories are taken together", quoted(m.name))
			first.repositories = append(first.repositories, m.repositories...)
			continue
		}
		byName[m.name] = m
	}
	names := make([]string, 0, len(projects))
	for _, m := range projects {
		names = append(names, m.name)
	}
	joined, compared := 0, 0
	for _, e := range s.entries {
		if !e.joins() {
			continue
		}
		m := byName[e.clomonitorName()]
		if m == nil {
			if compared += len(names); compared > mostCompared {
				names = nil
			}
			s.tellDangling(e, names)
			continue
		}
		if joined += s.joinEntry(e, m); joined > mostJoined {
			return fmt.Errorf("its projects are joined so often that they make more than %d repositories", mostJoined)
		}
	}
	s.tellJoined(projects, byName)
	return nil
}

// mostJoined bounds what many items that all join one long project can make
// of two small files; mostCompared, how many names are compared for a hint.
const (
	mostJoined   = 1_000_000
	mostCompared = 1_000_000
)

// joins says whether an entry names a project of CLOMonitor's file.
func (e *entry) joins() bool {
	n := e.clomonitor.value
	return n != nil && n.Kind == yaml.ScalarNode && !isNull(n)
}

func (e *entry) clomonitorName() string { return strings.TrimSpace(e.clomonitor.value.Value) }

func (s *reading) tellDangling(e *entry, names []string) {
	name := e.clomonitorName()
	s.notes.add(sourceLandscape, e.clomonitor.line, "%s has the clomonitor_name %s, which CLOMonitor's file does not have%s", quoted(e.name), quoted(name), didYouMean(name, names))
}

// joinEntry adds a project's repositories, and returns how many.
func (s *reading) joinEntry(e *entry, m *monitored) int {
	m.joined = append(m.joined, e)
	own := map[string]reference{}
	for _, ref := range slices.Backward(e.references) {
		own[strings.ToLower(ref.address.Name)] = ref
	}
	for _, repository := range m.repositories {
		ref := e.refer(repository.address, "", roleClomonitor, sourceClomonitor, repository.line)
		if len(m.joined) == 1 {
			s.tellAddress(e, ref, repository.address)
			s.tellMoved(e, own[strings.ToLower(ref.address.Name)], ref)
		}
	}
	return len(m.repositories)
}

// tellMoved tells of a repository that CLOMonitor has under another owner than
// the landscape has it.
func (s *reading) tellMoved(e *entry, own, ref reference) {
	if own.address.Name == "" || own.unsupported != nil || ref.unsupported != nil || own.address.Key == ref.address.Key {
		return
	}
	s.notes.add(ref.source, ref.line, "%s and the landscape's %s of %s seem to be one repository under its old and its new organisation; both are surveyed",
		quoted(ref.address.Fetch), quoted(own.address.Fetch), quoted(e.name))
}

// tellJoined tells of projects that no item joins, or more than one.
func (s *reading) tellJoined(projects []*monitored, byName map[string]*monitored) {
	named := map[string]*entry{}
	for _, e := range s.entries {
		named[strings.ToLower(e.name)] = e
	}
	for _, m := range projects {
		switch namesake := named[strings.ToLower(m.name)]; {
		case byName[m.name] != m, len(m.repositories) == 0:
		case len(m.joined) == 0 && namesake != nil && namesake.clomonitor.value == nil:
			s.notes.add(sourceClomonitor, m.line, "project %s belongs to no item of the landscape: its %s not surveyed for it; item %s at line %d has no clomonitor_name",
				quoted(m.name), countOf(len(m.repositories)), quoted(namesake.name), namesake.line)
		case len(m.joined) == 0:
			s.notes.add(sourceClomonitor, m.line, "project %s belongs to no item of the landscape: its %s not surveyed for it", quoted(m.name), countOf(len(m.repositories)))
		case len(m.joined) > 1:
			s.notes.add(sourceClomonitor, m.line, "project %s belongs to %d items of the landscape: %s", quoted(m.name), len(m.joined), where(m.joined))
		}
	}
}

func countOf(repositories int) string {
	if repositories == 1 {
		return "one repository is"
	}
	return fmt.Sprintf("%d repositories are", repositories)
}

// readMonitored reads CLOMonitor's file: a list of projects with repositories.
func (s *reading) readMonitored(data []byte) ([]*monitored, error) {
	t, err := parseTree(sourceClomonitor, data, s.notes)
	if err != nil {
		return nil, err
	}
	root := t.value(t.root)
	if root.Kind != yaml.SequenceNode {
		hint := ""
		if slices.ContainsFunc(t.fields(root), isTop) {
			hint = "; this is a landscape"
		}
		return nil, fmt.Errorf("it is not CLOMonitor's file: expected a list of projects, each with name and repositories, found %s%s", describe(root), hint)
	}
	var projects []*monitored
	for _, n := range t.list(field{value: root}) {
		if m := t.monitored(n); m != nil {
			projects = append(projects, m)
		}
	}
	return projects, t.spent()
}

func (t *tree) monitored(n *yaml.Node) *monitored {
	if n.Kind != yaml.MappingNode {
		t.warn(n.Line, "a project should be here, and this is %s: it is not read", describe(n))
		return nil
	}
	m := &monitored{line: n.Line}
	fields := t.fields(n)
	for _, f := range fields {
		if f.key == "name" {
			m.name = t.text(f)
		}
	}
	if m.name == "" {
		t.warn(n.Line, "a project has no name: nothing can join it")
		return nil
	}
	t.unknown(levelMonitored, m.name, fields)
	for _, f := range fields {
		if f.key != "repositories" {
			continue
		}
		for _, repository := range t.list(f) {
			t.monitoredRepository(m, repository)
		}
	}
	if len(m.repositories) == 0 {
		t.warn(n.Line, "project %s has no repositories", quoted(m.name))
	}
	return m
}

func (t *tree) monitoredRepository(m *monitored, n *yaml.Node) {
	fields := t.fields(n)
	t.unknown(levelMonitoredRepository, m.name, fields)
	for _, f := range fields {
		if f.key != "url" {
			continue
		}
		if address := t.text(f); address != "" {
			m.repositories = append(m.repositories, monitoredRepository{address, f.line})
			return
		}
	}
	t.warn(n.Line, "a repository of %s has no url: it is not surveyed", quoted(m.name))
}
