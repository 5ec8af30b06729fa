package landscape

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// forge is what is known of a host that serves repositories.
type forge struct {
	known bool
	// caseless hosts do not tell upper from lower case.
	caseless bool
	// nested hosts have owners within owners, as GitLab's groups; elsewhere a
	// repository is at owner/name and what follows is a page of it.
	nested bool
	// pages are first parts of a path that are no owner.
	pages []string
	// purpose is what a host is for that serves no repositories.
	purpose string
}

var (
	flat   = forge{known: true}
	gitlab = forge{known: true, nested: true, pages: []string{"explore", "help", "users", "-"}}
)

// forges are hosts whose addresses are understood beyond the common form.
var forges = map[string]forge{
	"github.com":       {known: true, caseless: true, pages: githubPages},
	"gitlab.com":       {known: true, caseless: true, nested: true, pages: gitlab.pages},
	"bitbucket.org":    {known: true, caseless: true, pages: []string{"account", "dashboard", "product"}},
	"codeberg.org":     {known: true, caseless: true, pages: []string{"explore", "user", "org"}},
	"gitee.com":        {known: true, caseless: true, pages: []string{"explore", "organizations", "gists"}},
	"gitcode.com":      flat,
	"gitea.com":        flat,
	"opendev.org":      flat,
	"git.sr.ht":        flat,
	"framagit.org":     gitlab,
	"salsa.debian.org": gitlab,
	"invent.kde.org":   gitlab,

	"gist.github.com":           {purpose: "snippets"},
	"raw.githubusercontent.com": {purpose: "single files"},
	"api.github.com":            {purpose: "programs"},
}

// githubPages are addresses that GitHub keeps for itself.
var githubPages = []string{
	"about", "account", "apps", "codespaces", "collections", "contact", "customer-stories", "dashboard",
	"enterprise", "enterprises", "events", "explore", "features", "gist", "issues", "join", "login", "marketplace", "new",
	"notifications", "organizations", "orgs", "pricing", "pulls", "search", "security", "settings", "site",
	"sponsors", "stars", "team", "topics", "trending", "users",
}

// forgeOf says what is known of a host, and gives the host its proper name.
func forgeOf(host *string) forge {
	switch bare := strings.TrimPrefix(*host, "www."); {
	case *host == "ssh.github.com:443": // ssh where only https passes
		*host = "github.com"
	case forges[bare].known:
		*host = bare
	}
	if f, ok := forges[*host]; ok {
		return f
	}
	if strings.HasPrefix(*host, "gitlab.") {
		return gitlab
	}
	return forge{nested: true}
}

func (f forge) fold(key string) string {
	if f.caseless {
		return strings.ToLower(key)
	}
	return key
}

// refuse returns an error where a path on this host is no repository, and the
// part of the path that says what it is.
func (f forge) refuse(segments []string) ([]string, error) {
	first := strings.ToLower(segments[0])
	switch {
	case f.purpose != "":
		return segments, fmt.Errorf("its host serves %s, not repositories", f.purpose)
	case f.known && len(segments) > 1 && slices.Contains([]string{"orgs", "users", "organizations"}, first) && slices.Contains(f.pages, first):
		return segments[1:2], errOrganisation
	case slices.Contains(f.pages, first):
		return segments, fmt.Errorf("%q is a page of the host, not an owner", first)
	case f.known && len(segments) == 1:
		return segments, errOrganisation
	case f.caseless && slices.ContainsFunc(segments[:2], func(s string) bool { return !plainName(s) }):
		return segments, errors.New("it has letters that names on this host do not have")
	}
	return nil, nil
}

var errOrganisation = errors.New("it names an organisation, not a repository")

// plainName says whether a name is made of what the large hosts allow.
func plainName(name string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("._-~+", c))
	})
}

// repository cuts a path where the repository ends and its pages begin, and
// returns the branch that is shown there.
func (f forge) repository(segments []string) (repository []string, branch string) {
	end := len(segments)
	if f.known && !f.nested {
		end = min(end, 2)
	}
	for i, segment := range segments[:end] {
		if f.pageBegins(segments, i) {
			end = i
			break
		}
		if strings.HasSuffix(segment, ".git") && (i > 0 || !f.known) {
			end = i + 1
			break
		}
	}
	return segments[:end], branchOf(segments[end:])
}

// pageBegins says whether the part at i begins a page, in the manners of
// GitLab, Gerrit and Gitea. A branch and a repository look alike elsewhere.
func (f forge) pageBegins(segments []string, i int) bool {
	if i == 0 || f.known && i == 1 {
		return false
	}
	switch next := append(segments[i+1:len(segments):len(segments)], ""); segments[i] {
	case "-":
		return i >= 2
	case "+":
		return true
	case "src":
		return i >= 2 && next[0] == "branch"
	case "tree", "blob":
		return f.known
	}
	return false
}

// branchOf reads the branch from what follows a repository in its address. A
// branch with slashes cannot be told from a folder on a branch; the first part
// is the branch far more often.
func branchOf(page []string) string {
	page = slices.Clone(page)
	for len(page) > 0 && (page[0] == "-" || page[0] == "+") {
		page = page[1:]
	}
	if len(page) >= 3 && page[0] == "src" && page[1] == "branch" || len(page) >= 3 && page[0] == "refs" && page[1] == "heads" {
		return branchName(page[2])
	}
	if len(page) >= 2 && slices.Contains([]string{"tree", "blob", "src"}, page[0]) {
		return branchName(page[1])
	}
	return ""
}

// branchName returns the name, unless it is a commit's or no branch's at all.
func branchName(name string) string {
	if name == "HEAD" || strings.HasPrefix(name, "-") || len(name) >= 12 && strings.Trim(name, "0123456789abcdef") == "" {
		return ""
	}
	return name
}
