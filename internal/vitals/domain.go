package vitals

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"
)

// Words that stand where a domain would. No registrable domain is without a
// dot.
const (
	Public = "public" // addresses of public providers
	None   = "none"   // addresses without a domain that can be registered
)

// providers are public under each of their countries' domains.
var providers = map[string]bool{
	"gmail": true, "googlemail": true, "yahoo": true, "ymail": true, "rocketmail": true, "hotmail": true,
	"outlook": true, "live": true, "msn": true, "gmx": true, "yandex": true, "proton": true,
	"protonmail": true, "tutanota": true, "fastmail": true, "zoho": true, "zohomail": true,
}

// public are further domains whose addresses anybody can have.
var public = map[string]bool{
	"126.com": true, "139.com": true, "163.com": true, "acm.org": true, "aliyun.com": true, "alumni.com": true,
	"aol.com": true, "att.net": true, "bk.ru": true, "comcast.net": true, "computer.org": true, "daum.net": true,
	"disroot.org": true, "duck.com": true, "fastmail.fm": true, "foxmail.com": true, "free.fr": true,
	"hanmail.net": true, "hey.com": true, "icloud.com": true, "ieee.org": true, "inbox.ru": true,
	"laposte.net": true, "linux.com": true, "list.ru": true, "mac.com": true, "mail.com": true, "mail.ru": true,
	"mailbox.org": true, "me.com": true, "naver.com": true, "orange.fr": true, "outlook.com": true,
	"pm.me": true, "posteo.de": true, "posteo.net": true, "qq.com": true, "rambler.ru": true,
	"rediffmail.com": true, "riseup.net": true, "seznam.cz": true, "sina.cn": true, "sina.com": true,
	"sohu.com": true, "t-online.de": true, "tuta.io": true, "tutamail.com": true, "verizon.net": true,
	"vip.qq.com": true, "wanadoo.fr": true, "web.de": true, "wp.pl": true, "ya.ru": true, "yeah.net": true,
	// Private addresses that code hosts hand out.
	"users.noreply.github.com": true, "noreply.github.com": true, "users.noreply.gitlab.com": true,
	"noreply.gitlab.com": true, "noreply.codeberg.org": true, "users.noreply.gitee.com": true,
	"user.noreply.gitee.com": true, "noreply.gitea.com": true, "noreply.gitea.io": true,
}

// Organisation is the domain that stands for an address's organisation: its
// registrable domain in small letters, [Public] or [None].
func Organisation(mail string) string {
	_, domain, ok := cutLast(strings.ToLower(strings.TrimSpace(mail)), "@")
	domain = strings.TrimSuffix(domain, ".")
	if !ok || !isDomain(domain) {
		return None
	}
	if _, err := netip.ParseAddr(domain); err == nil {
		return None
	}
	suffix, icann := publicsuffix.PublicSuffix(domain)
	if !icann && !strings.Contains(suffix, ".") {
		return None // .local, .internal, and what else no registry has
	}
	registered, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return None
	}
	label, _, _ := strings.Cut(registered, ".")
	if public[domain] || public[registered] || providers[label] {
		return Public
	}
	if strings.HasPrefix(registered, "example.") {
		return None
	}
	return registered
}

// isDomain reports whether text could be a domain, international ones included.
func isDomain(text string) bool {
	const longest = 253
	if len(text) > longest || !strings.Contains(text, ".") || strings.Contains(text, "..") || strings.HasPrefix(text, ".") {
		return false
	}
	for _, r := range text {
		if !unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark) && !strings.ContainsRune("-._", r) {
			return false
		}
	}
	return true
}

func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}

// identity is what a person is told apart by.
func identity(p Person) string {
	mail := strings.ToLower(strings.TrimSpace(p.Mail))
	local, domain, ok := cutLast(mail, "@")
	if !ok {
		return mail + "\x00" + strings.ToLower(p.Name)
	}
	if domain == "users.noreply.github.com" {
		if number, name, ok := strings.Cut(local, "+"); ok && strings.Trim(number, "0123456789") == "" {
			return name + "@" + domain
		}
	}
	return mail
}

// pseudonym is what an identity is called by outside of this package.
func pseudonym(identity string) string {
	sum := sha256.Sum256([]byte("groma vitals author\x00" + identity))
	return hex.EncodeToString(sum[:8])
}
