package deploy

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// metrics are what groma tells Prometheus, and whether each is a histogram.
var metrics = map[string]bool{
	"groma_repositories_total":      false,
	"groma_census_seconds":          true,
	"groma_census_phase_seconds":    true,
	"groma_received_bytes_total":    false,
	"groma_contents_total":          false,
	"groma_censuses_in_flight":      false,
	"groma_memory_budget_bytes":     false,
	"groma_requests_backlog":        false,
	"groma_surveys":                 false,
	"groma_http_requests_total":     false,
	"groma_http_request_seconds":    true,
	"groma_rescans_total":           false,
	"groma_editions_total":          false,
	"process_resident_memory_bytes": false,
}

var (
	metric = regexp.MustCompile(`\b(?:groma|process)_[a-z_]+`)
	suffix = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// TestMetricsExist: package telemetry has all of them.
func TestMetricsExist(t *testing.T) {
	files, err := filepath.Glob("../internal/telemetry/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		source.WriteString(read(t, file))
	}
	for name := range metrics {
		if strings.HasPrefix(name, "groma_") && !strings.Contains(source.String(), strconv.Quote(name)) {
			t.Errorf("nothing tells %s", name)
		}
	}
}

func checkMetrics(t *testing.T, where, expression string) {
	t.Helper()
	names := metric.FindAllString(expression, -1)
	if len(names) == 0 && !strings.Contains(expression, "up{") {
		t.Errorf("%s: %q asks for nothing of ours", where, expression)
	}
	for _, name := range names {
		base := suffix.ReplaceAllString(name, "")
		if histogram, ok := metrics[base]; !ok || histogram != (base != name) {
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
	if strings.Count(expression, "(") != strings.Count(expression, ")") || strings.Count(expression, "{") != strings.Count(expression, "}") {
		t.Errorf("%s: %q has brackets that do not match", where, expression)
	}
}

func TestAlerts(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	readYAML(t, "prometheus/alerts.yml", &file)
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			checkMetrics(t, rule.Alert, rule.Expr)
			if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["todo"] == "" {
				t.Errorf("%s: want a severity, a summary and what to do", rule.Alert)
			}
		}
	}
}

func TestDashboard(t *testing.T) {
	var board struct {
		UID    string
		Panels []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "grafana/groma.json")), &board); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, panel := range board.Panels {
		if seen[panel.ID] || panel.Title == "" || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("panel %d %q: its id, title or place is wrong", panel.ID, panel.Title)
		}
		seen[panel.ID] = true
		if panel.Type != "row" && len(panel.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			checkMetrics(t, panel.Title, target.Expr)
		}
	}
}
