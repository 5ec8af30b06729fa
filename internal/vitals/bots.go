package vitals

import "strings"

// accounts are the names of accounts that are no people and do not look like
// it, in small letters.
var accounts = map[string]bool{
	"allcontributors": true, "azure pipelines": true, "circleci": true, "copilot": true, "crowdin": true,
	"cursor agent": true, "deepsource autofix": true, "dependabot": true, "dependabot preview": true,
	"dependabot-preview": true, "devin ai": true, "fluxcdbot": true, "fossabot": true, "github action": true,
	"github actions": true, "github-actions": true, "gitlab ci": true, "google-labs-jules": true,
	"greenkeeper": true, "hosted weblate": true, "imgbot": true, "istio-testing": true,
	"jaegertracingbot": true, "jenkins": true, "mend renovate": true, "mergify": true, "poiana": true,
	"pre-commit-ci": true, "pyup": true, "red-hat-konflux": true, "renovate": true, "snyk": true,
	"travis ci": true, "weblate": true, "whitesource renovate": true,
}

// addresses are e-mail addresses of accounts that write under any name.
var addresses = map[string]bool{
	"noreply@anthropic.com": true, "cursoragent@cursor.com": true, "action@github.com": true,
	"actions@github.com": true, "bot@renovateapp.com": true, "support@dependabot.com": true,
	"renovate@whitesourcesoftware.com": true,
}

// IsBot reports whether an author is an account that is no person. Without
// regard to case, it is one if
//
//   - its name ends in "[bot]", or its address does before the @;
//   - its name is one word that ends in -bot, _bot or -robot;
//   - its name ends in the word "automation";
//   - its name ends in the word "bot" or "robot", if that has three words or
//     the address is a bot's: two alone may be a first name and a last;
//   - its address before the @ is bot or automation, or ends in -bot, _bot,
//     -robot or -automation;
//   - its name or its address stands in a short list: dependabot, renovate,
//     github-actions, copilot and others.
func IsBot(p Person) bool {
	name, mail := strings.ToLower(strings.TrimSpace(p.Name)), strings.ToLower(p.Mail)
	local, _, _ := strings.Cut(mail, "@")
	words := strings.Fields(name)
	switch {
	case accounts[name], addresses[mail], strings.HasSuffix(name, "[bot]"), botAddress(local):
		return true
	case len(words) == 0:
		return false
	}
	switch last := words[len(words)-1]; {
	case last == "automation":
		return true
	case last == "bot", last == "robot":
		return len(words) >= 3
	}
	return len(words) == 1 && endsIn(name, "-bot", "_bot", "-robot")
}

func botAddress(local string) bool {
	return local == "bot" || local == "automation" || endsIn(local, "[bot]", "-bot", "_bot", "-robot", "-automation")
}

func endsIn(text string, endings ...string) bool {
	for _, ending := range endings {
		if strings.HasSuffix(text, ending) {
			return true
		}
	}
	return false
}
