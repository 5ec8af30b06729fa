package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A plant is one way to configure a secret, which TestSecrets plants a mark by.
type plant struct {
	// name is what it is called here.
	name string
	// settings are the flags (without hyphens) and the variables that it is set
	// by, for TestSecrets_Complete.
	settings []string
	// proven says that the secret never leaves the process as it is, so that a
	// run has to tell by other means that it was used: a signature that is
	// good, a refusal that names it.
	proven bool
}

// plants are all ways to configure a secret. A new one needs a row here, a run
// that gives it to groma by secretWorld.mark, and a host that is sent it, or
// secretWorld.prove.
var plants = []plant{
	{name: "GITHUB_TOKEN", settings: []string{"GITHUB_TOKEN"}},
	{name: "GITLAB_TOKEN", settings: []string{"GITLAB_TOKEN"}},
	{name: "GROMA_TOKEN_<HOST>", settings: []string{"GROMA_TOKEN_"}},
	{name: "token file, token", settings: []string{"token-file"}},
	{name: "token file, password"},
	{name: "NETRC", settings: []string{"NETRC"}},
	{name: "~/.netrc"},
	{name: "key of ~/.ssh", proven: true},
	{name: "mirror, password", settings: []string{"mirror"}, proven: true},
	{name: "mirror, user", proven: true},
	{name: "HTTPS_PROXY"},
	{name: "HTTPS_PROXY of SOCKS", proven: true},

	{name: "source, password"},
	{name: "source, query"},
	{name: "CLOMonitor, query", settings: []string{"clomonitor"}},
	{name: "annotations, query", settings: []string{"annotations"}},
	{name: "repository, password", proven: true},
	{name: "repository, password with a slash", proven: true},
	{name: "repository, token as user", proven: true},
	{name: "repository, query", proven: true},
	{name: "annotations, repository", proven: true},
	{name: "remote, password", settings: []string{"remote"}, proven: true},
	{name: "source of a call, query"},

	{name: "NATS URL", settings: []string{"nats"}},
	{name: "NATS URLs", proven: true},
	{name: "NATS URL of --config"},
	{name: "NATS token", settings: []string{"GROMA_NATS_TOKEN"}},
	{name: "NATS token file", settings: []string{"nats-token-file"}},
	{name: "NATS password", settings: []string{"GROMA_NATS_PASSWORD"}},
	{name: "NATS password file", settings: []string{"nats-password-file"}},
	{name: "NATS nkey", settings: []string{"nats-nkey"}, proven: true},
	{name: "NATS credentials, JWT", settings: []string{"nats-credentials"}},
	{name: "NATS credentials, seed", proven: true},
	{name: "NATS TLS key", settings: []string{"nats-tls-key"}, proven: true},
	{name: "Temporal API key", settings: []string{"GROMA_TEMPORAL_API_KEY"}},
	{name: "Temporal API key file", settings: []string{"temporal-api-key-file"}},
	{name: "Temporal TLS key", settings: []string{"temporal-tls-key"}, proven: true},
	{name: "key for payloads", settings: []string{"temporal-payload-key-file"}, proven: true},
	{name: "key for payloads that cannot be read", proven: true},

	{name: "S3 access key", settings: []string{"AWS_ACCESS_KEY_ID"}},
	{name: "S3 secret key", settings: []string{"AWS_SECRET_ACCESS_KEY"}, proven: true},
	{name: "S3 session token", settings: []string{"AWS_SESSION_TOKEN"}},
	{name: "file's access key", settings: []string{"AWS_SHARED_CREDENTIALS_FILE"}},
	{name: "file's secret key", proven: true},
	{name: "file's session token"},
	{name: "file of keys that cannot be read", proven: true},
	{name: "identity token", settings: []string{"AWS_WEB_IDENTITY_TOKEN_FILE"}},
	{name: "identity's access key"},
	{name: "identity's secret key", proven: true},
	{name: "identity's session token"},
	{name: "container, full URI", settings: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI"}},
	{name: "container, relative URI", settings: []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"}},
	{name: "container, token"}, // of variables that a library reads
	{name: "container, token file"},
	{name: "container's access key"},
	{name: "container's secret key", proven: true},
	{name: "container's session token"},
	{name: "store's TLS key", settings: []string{"store-tls-key"}, proven: true},
	{name: "store, key as a setting", settings: []string{"store"}, proven: true},
	{name: "store, password of the endpoint", proven: true},
	{name: "STS, password", settings: []string{"AWS_ENDPOINT_URL_STS"}, proven: true},

	{name: "server's TLS key", settings: []string{"tls-key"}, proven: true},
	{name: "token of role read", settings: []string{"tokens-file"}, proven: true},
	{name: "token of role trigger", proven: true},
	{name: "GitHub's webhooks", settings: []string{"github-secret-file"}, proven: true},
	{name: "GitLab's webhooks", settings: []string{"gitlab-secret-file"}, proven: true},
	{name: "Gitea's webhooks", settings: []string{"gitea-secret-file"}, proven: true},
	{name: "server token", settings: []string{"GROMA_SERVER_TOKEN"}},
	{name: "server token file", settings: []string{"server-token-file"}},
	{name: "server, password", settings: []string{"server"}, proven: true},
	{name: "server, query", proven: true},

	{name: "OTLP headers"}, // OTEL_EXPORTER_OTLP_HEADERS, which a library reads
	{name: "OTLP headers that cannot be read", proven: true},
}

var (
	secretFlag     = regexp.MustCompile(`token|secret|key|password|credential|login|auth|passphrase`)
	addressFlag    = regexp.MustCompile(`URL|https://|https address|s3://|FROM=TO|this repository`)
	secretVariable = regexp.MustCompile(`^([A-Z][A-Z0-9]*_)+([A-Z0-9]+)?$`)
	secretWord     = regexp.MustCompile(`TOKEN|SECRET|KEY|PASSWORD|CREDENTIAL|LOGIN|AUTH|SEED|PASSPHRASE|NETRC`)
)

// noSecret are settings whose names or words only look as if they named one.
var noSecret = []string{"GROMA_TOKEN_FILE"} // the variable of --token-file

// TestSecrets_Complete: each setting that names a secret, or an address, which
// may have one in it, stands in a row of plants; and each row's is a setting.
func TestSecrets_Complete(t *testing.T) {
	found := map[string]string{} // why it takes a row
	known := map[string]bool{}
	eachCommand(newRoot(Terminal{Env: func(string) string { return "" }}), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			known[flag.Name] = true
			if secretFlag.MatchString(flag.Name) || addressFlag.MatchString(flag.Usage) {
				found[flag.Name] = "--" + flag.Name + " of groma " + cmd.Name()
			}
		})
	})
	for name, where := range variablesNamed(t) {
		known[name] = true
		if secretWord.MatchString(name) {
			found[name] = name + " in " + where
		}
	}
	if len(found) < 20 {
		t.Fatalf("found %d settings: does this look in the right place?", len(found))
	}
	for name, why := range found {
		in := slices.ContainsFunc(plants, func(p plant) bool { return slices.Contains(p.settings, name) })
		if !in && !slices.Contains(noSecret, name) {
			t.Errorf("%s is a secret's, or may have one in it, and stands in no row of plants: add one, and have TestSecrets plant it", why)
		}
	}
	for _, p := range plants {
		for _, name := range p.settings {
			if !known[name] {
				t.Errorf("the row %q has a setting %s that the program does not know", p.name, name)
			}
		}
	}
}

// variablesNamed are the words in the program's text that are names of
// variables, or of those that begin so, with the file where each stands.
func variablesNamed(t *testing.T) map[string]string {
	t.Helper()
	named := map[string]string{}
	for _, root := range []string{"../../internal", "../../workers", "../../workflows", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if word, ok := n.(*ast.BasicLit); ok && word.Kind == token.STRING {
					if name, err := strconv.Unquote(word.Value); err == nil && (secretVariable.MatchString(name) || name == "NETRC") {
						named[name] = path
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return named
}
