package vitals

import (
	"strings"
	"testing"
)

func TestOrganisation(t *testing.T) {
	for mail, want := range map[string]string{
		"a@suse.com": "suse.com", "a@SUSE.DE": "suse.de", "a@us.ibm.com": "ibm.com", "a@hco.ntt.co.jp": "ntt.co.jp",
		"a@nubificus.co.uk": "nubificus.co.uk", "a@github.com": "github.com", "a@users.noreply.github.com": Public,
		"1+a@users.noreply.github.com": Public, "a@gmail.com": Public, "a@yahoo.co.jp": Public, "a@hotmail.fr": Public,
		"a@qq.com": Public, "a@vip.qq.com": Public, "a@web.de": Public, "a@proton.me": Public, "a@webb.de": "webb.de",
		"a": None, "": None, "a@": None, "a@localhost": None, "root@MacBook-Pro.local": None, "a@ip-10-0-0-1.ec2.internal": None,
		"a@127.0.0.1": None, "a@example.com": None, "a@co.uk": None, "a@b@suse.com": "suse.com", "a@bücher.de": "bücher.de",
		"a@suse.com.": "suse.com", "a@..com": None, "a@x y.com": None, "a@\x1b[31m.com": None, "a@lists.sourceforge.net": "sourceforge.net",
	} {
		if got := Organisation(mail); got != want {
			t.Errorf("Organisation(%q) = %q, want %q", mail, got, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	same := [][2]Person{
		{{"A", "a@x.org"}, {"B", "A@X.ORG"}},
		{{"A", "1+a@users.noreply.github.com"}, {"A", "a@users.noreply.github.com"}},
		{{"A", "localhost"}, {"a", "LocalHost"}},
	}
	for _, p := range same {
		if identity(p[0]) != identity(p[1]) {
			t.Errorf("%v and %v are two", p[0], p[1])
		}
	}
	others := [][2]Person{
		{{"A", "a@x.org"}, {"A", "b@x.org"}},
		{{"A", "none"}, {"B", "none"}},
		{{"A", "x+a@users.noreply.github.com"}, {"A", "a@users.noreply.github.com"}},
	}
	for _, p := range others {
		if identity(p[0]) == identity(p[1]) {
			t.Errorf("%v and %v are one", p[0], p[1])
		}
	}
}

// FuzzOrganisation: an organisation is a word of ours or a domain that the
// address ends in, and holds nothing that a terminal would obey.
func FuzzOrganisation(f *testing.F) {
	f.Add("a@us.ibm.com")
	f.Add("a@x.\u202ecom")
	f.Fuzz(func(t *testing.T, mail string) {
		got := Organisation(mail)
		if got == Public || got == None {
			return
		}
		if !strings.Contains(strings.ToLower(mail), got) || !strings.Contains(got, ".") || strings.ContainsAny(got, "\x00\x1b\n<>|\"'@ ") {
			t.Errorf("Organisation(%q) = %q", mail, got)
		}
	})
}
