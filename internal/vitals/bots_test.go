package vitals

import "testing"

func TestIsBot(t *testing.T) {
	for _, p := range []Person{
		{"dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"}, {"Renovate[BOT]", ""},
		{"Istio Automation", "x@example.org"}, {"Mend Renovate", "x@example.org"}, {"Dapr Bot", "56698301+dapr-bot@users.noreply.github.com"},
		{"l5d-bot", "x@example.org"}, {"k8s-ci-robot", ""}, {"Copilot", ""}, {"GitHub Actions", ""}, {"Platform Engineering Bot", "pe@example.org"},
		{"bootc-dev Bot", "bot@bootc.dev"}, {"Claude", "noreply@anthropic.com"}, {"Ti Chi Robot", "x@example.org"}, {"X", "automation@example.org"},
	} {
		if !IsBot(p) {
			t.Errorf("%v is no bot", p)
		}
	}
	for _, p := range []Person{
		{"George Jenkins", "g@example.org"}, {"Adam Talbot", "adam.talbot@example.org"}, {"Sylvain Rabot", "s@example.org"},
		{"Jan Bot", "jan.bot@example.org"}, {"Claude Monet", "claude@example.org"}, {"talbot", "talbot@example.org"},
		{"Travis Scott", ""}, {"", ""}, {"", "x@example.org"}, {"Robotics Fan", "robot.fan@example.org"},
	} {
		if IsBot(p) {
			t.Errorf("%v is a bot", p)
		}
	}
}
