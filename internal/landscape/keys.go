package landscape

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// level is one kind of mapping in a document, with the keys it may have.
type level struct {
	name string
	keys []string
	// precious keys, misspelt, lose a project or a repository.
	precious []string
}

var (
	levelTop         = level{name: "the file", keys: []string{"landscape", "categories"}}
	levelCategory    = level{name: "a category", keys: []string{"category", "name", "subcategories"}, precious: []string{"subcategories"}}
	levelSubcategory = level{name: "a subcategory", keys: []string{"subcategory", "name", "items"}, precious: []string{"items"}}
	levelAdditional  = level{name: "additional_repos", keys: []string{"repo_url", "branch", "license"}, precious: []string{"repo_url", "branch"}}

	// levelItem has the keys of landscape2's schema, then those of the
	// landscapeapp before it, which items still carry.
	levelItem = level{
		name: "an item",
		keys: []string{
			"additional_repos", "branch", "crunchbase", "description", "enduser", "extra", "homepage_url", "joined",
			"license", "logo", "name", "project", "repo_url", "second_path", "twitter", "unnamed_organization",
			"url_for_bestpractices",
			"allow_duplicate_repo", "item", "open_source", "organization", "project_org", "stock_ticker",
		},
		precious: []string{"additional_repos", "branch", "extra", "project", "repo_url"},
	}
	levelExtra = level{
		name: "extra",
		keys: []string{
			"accepted", "annotations", "annual_review_date", "annual_review_url", "archived", "artwork_url", "audits",
			"blog_url", "bluesky_url", "chat_channel", "clomonitor_name", "dev_stats_url", "discord_url", "docker_url",
			"documentation_url", "facebook_url", "github_discussions_url", "gitter_url", "graduated", "incubating",
			"linkedin_url", "mailing_list_url", "other_links", "package_manager_url", "parent_project",
			"pinterest_url", "reddit_url", "slack_url", "specification", "stack_overflow_url",
			"summary_business_use_case", "summary_integration", "summary_integrations", "summary_intro_url",
			"summary_personas", "summary_release_rate", "summary_tags", "summary_use_case", "tag",
			"training_certifications", "training_type", "youtube_url",
		},
		precious: []string{"accepted", "archived", "clomonitor_name", "graduated", "incubating"},
	}
	levelMonitored = level{
		name: "a project",
		keys: []string{
			"accepted_at", "category", "description", "devstats_url", "digest", "display_name", "home_url",
			"logo_dark_url", "logo_url", "maturity", "name", "repositories",
		},
		precious: []string{"name", "repositories"},
	}
	levelMonitoredRepository = level{
		name:     "repositories",
		keys:     []string{"check_sets", "digest", "exclude", "name", "url"},
		precious: []string{"url"},
	}
)

// unknown tells of keys that nothing reads. One that loses something is told
// of wherever it stands; any other once, with its lines.
func (t *tree) unknown(l level, item string, fields []field) {
	for _, f := range fields {
		if slices.Contains(l.keys, f.key) {
			continue
		}
		of := ""
		if item != "" {
			of = " of " + quoted(item)
		}
		repository := addressIn(f.value)
		near := nearest(strings.ToLower(f.key), l.keys)
		switch {
		case l.name == levelExtra.name && f.key == "project":
			t.warn(f.line, "project stands under extra%s, where it says nothing: the item is taken for no CNCF project", of)
		case repository != "":
			t.warn(f.line, "unknown key %s in %s%s%s: the repository %s is not surveyed", quoted(f.key), l.name, of, didYouMean(f.key, l.keys), quoted(repository))
		case slices.Contains(l.precious, near):
			t.warn(f.line, "unknown key %s in %s%s (did you mean %q?): it is not read", quoted(f.key), l.name, of, near)
		default:
			t.notes.gather(t.source, f.line, "unknown key "+quoted(f.key)+" in "+l.name+t.whereItBelongs(l, f.key)+": it is not read")
		}
	}
}

// whereItBelongs is a hint for a key that is misspelt or misplaced.
func (t *tree) whereItBelongs(l level, key string) string {
	switch {
	case l.name == levelItem.name && slices.Contains(levelExtra.keys, key):
		return " (it belongs under extra)"
	case l.name == levelExtra.name && slices.Contains(levelItem.keys, key):
		return " (it belongs beside name)"
	}
	if near := nearest(key, levelExtra.keys); l.name == levelItem.name && near != "" && nearest(key, l.keys) == "" {
		return " (did you mean " + near + ", under extra?)"
	}
	return didYouMean(key, l.keys)
}

// addressIn returns the address of a repository on a well-known host, if that
// is what a value is.
func addressIn(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || !strings.Contains(n.Value, "/") {
		return ""
	}
	a, err := ParseAddress(n.Value)
	if err != nil || !forges[a.Host].known {
		return ""
	}
	return a.Fetch
}
