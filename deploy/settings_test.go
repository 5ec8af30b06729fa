package deploy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// literals are the strings in the command line's sources, among which are the
// names of all its flags and variables.
func literals(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../internal/cli/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if value, err := strconv.Unquote(literal.Value); err == nil {
					found[value] = true
				}
			}
			return true
		})
	}
	return found
}

// ofScripts are variables that the scripts here read themselves.
var ofScripts = map[string]bool{
	"GROMA_CLUSTER": true, "GROMA_CLUSTER_BIN": true, "GROMA_BINARY": true, "GROMA_WORKER_FLAGS": true,
	"GROMA_TEMPORAL_SERVER": true, "GROMA_TEMPORAL_SQL": true, "GROMA_NATS_SERVER": true, "GROMA_VERSITYGW": true,
	"GROMA_TEST_S3": true, "GROMA_TEST_VERSITYGW": true,
}

var (
	variable = regexp.MustCompile(`GROMA_[A-Z0-9_]+`)
	// templated is how the chart writes the variables of three code hosts.
	templated = strings.NewReplacer("GROMA_{{ upper $host }}_SECRET_FILE", "GROMA_GITHUB_SECRET_FILE")
)

// TestVariablesExist: each variable that is set here stands for a flag, or is
// read under its own name.
func TestVariablesExist(t *testing.T) {
	known := literals(t)
	count := 0
	for _, path := range append(texts(t), "../docker-compose.yml") {
		for _, name := range variable.FindAllString(templated.Replace(read(t, path)), -1) {
			count++
			flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "GROMA_"), "_", "-"))
			if !known[flag] && !known[name] && !ofScripts[name] {
				t.Errorf("%s: %s is no variable of groma's", path, name)
			}
		}
	}
	if count < 40 {
		t.Errorf("found only %d variables", count)
	}
}

// texts are the files here that set variables.
func texts(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "private" {
			return fs.SkipDir
		}
		if !entry.IsDir() && filepath.Ext(path) != ".go" {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestFlagsExist: so does each flag.
func TestFlagsExist(t *testing.T) {
	known := literals(t)
	for name, s := range readCompose(t).Services {
		if s.Build == nil {
			continue
		}
		for _, word := range s.Command {
			if flag, ok := strings.CutPrefix(word, "--"); ok && !known[flag] {
				t.Errorf("%s: groma has no flag %s", name, word)
			}
		}
	}
}

// TestOneSetting: what compose and the local cluster both say is the same.
func TestOneSetting(t *testing.T) {
	services, script := readCompose(t).Services, read(t, "local/cluster")
	for _, c := range []struct{ what, line string }{
		{"history shards", "history_shards_postgres=" + services["temporal"].Environment["NUM_HISTORY_SHARDS"]},
		{"concurrency", "cluster_concurrency=" + fallback(services["server"].Environment["GROMA_CONCURRENCY"])},
		{"store", "GROMA_STORE=" + strings.Replace(fallback(services["server"].Environment["GROMA_STORE"]), "s3://groma/prod?endpoint=http://s3:7070", "s3://$bucket/prod?endpoint=http://$loopback:$s3_port", 1)},
		{"bucket", "bucket=groma"},
		{"retention of 7d, as in temporal/namespace.sh", "retention=604800s"},
		{"NATS's settings", "/deploy/nats/nats.conf"},
		{"Temporal's settings", "/deploy/temporal/dynamic.yaml"},
		{"Temporal's schema", "/deploy/temporal/schema.sh"},
	} {
		if !strings.Contains(script, c.line) {
			t.Errorf("%s: local/cluster has no %q", c.what, c.line)
		}
	}
	if !strings.Contains(read(t, "temporal/namespace.sh"), "--retention 7d") {
		t.Error("retention: temporal/namespace.sh has another")
	}
}

// fallback is what ${NAME:-value} is where nothing is said.
func fallback(value string) string {
	_, value, _ = strings.Cut(strings.TrimSuffix(value, "}"), ":-")
	return value
}

// TestPorts: probes, Prometheus and services ask where the processes listen.
func TestPorts(t *testing.T) {
	services := readCompose(t).Services
	for name, port := range map[string]string{"server": "8420", "worker": "8421"} {
		s := services[name]
		if !strings.Contains(strings.Join(s.Command, " "), "--listen 0.0.0.0:"+port) || !strings.Contains(s.Healthcheck.Test[2], ":"+port+"/readyz") {
			t.Errorf("compose: %s does not listen at %s, or is asked elsewhere", name, port)
		}
		if !strings.Contains(read(t, "prometheus/prometheus.yml"), "names: ["+name+"], type: A, port: "+port) {
			t.Errorf("prometheus.yml: %s is not asked at %s", name, port)
		}
		chart := read(t, "helm/groma/templates/"+name+".yaml")
		if !strings.Contains(chart, `"0.0.0.0:`+port+`"`) || !strings.Contains(chart, "containerPort: "+port) {
			t.Errorf("chart: %s does not listen at %s", name, port)
		}
	}
}
