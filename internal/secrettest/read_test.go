package secrettest

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"flag"
	"io"
	"testing"

	"github.com/caarlos0/env/v11"
	goccy "github.com/goccy/go-yaml"
	"github.com/kelseyhightower/envconfig"
	"go.yaml.in/yaml/v3"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// config is a program's configuration.
type config struct {
	Name   string             `json:"name" yaml:"name" env:"SECRETTEST_NAME"`
	Key    tenantkit.Secret   `json:"key" yaml:"key" env:"SECRETTEST_KEY"`
	Backup *tenantkit.Secret  `json:"backup" yaml:"backup" env:"SECRETTEST_BACKUP"`
	Old    []tenantkit.Secret `json:"old" yaml:"old" env:"SECRETTEST_OLD"`
}

func wantConfig(t *testing.T, got config, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "n" || got.Key.Reveal() != marker || got.Backup == nil || got.Backup.Reveal() != "b" || len(got.Old) != 2 || got.Old[1].Reveal() != "o2" {
		t.Errorf("got %+v", got)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	var byText, byValue tenantkit.Secret
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	var usage recorder
	flags.SetOutput(writer{&usage})
	flags.TextVar(&byText, "text", tenantkit.NewSecret(marker), "the key")
	flags.Var(&byValue, "value", "the key")
	if byText.Reveal() != marker {
		t.Errorf("the default is %q", byText.Reveal())
	}
	flags.PrintDefaults()
	wantHidden(t, "usage", usage.text.String())
	if err := flags.Parse([]string{"-text", marker, "-value=" + marker}); err != nil || byText.Reveal() != marker || byValue.Reveal() != marker {
		t.Errorf("got %q, %q, %v", byText.Reveal(), byValue.Reveal(), err)
	}
	flags.VisitAll(func(f *flag.Flag) { wantHidden(t, f.Name, f.Value.String()+f.DefValue) })
}

type writer struct{ *recorder }

func (w writer) Write(p []byte) (int, error) { return w.text.Write(p) }

func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{"NAME": "n", "KEY": marker, "BACKUP": "b", "OLD": "o1,o2"} {
		t.Setenv("SECRETTEST_"+name, value)
	}
	t.Run("caarlos0/env", func(t *testing.T) {
		var got config
		wantConfig(t, got, env.Parse(&got))
	})
	t.Run("kelseyhightower/envconfig", func(t *testing.T) {
		var got config
		err := envconfig.Process("secrettest", &got)
		wantConfig(t, got, err)
	})
}

func TestConfigurationFiles(t *testing.T) {
	t.Parallel()
	const asJSON = `{"name":"n","key":"` + marker + `","backup":"b","old":["o1","o2"]}`
	const asYAML = "name: n\nkey: " + marker + "\nbackup: b\nold:\n- o1\n- o2\n"
	for name, decode := range map[string]func(*config) error{
		"encoding/json":       func(c *config) error { return json.Unmarshal([]byte(asJSON), c) },
		"encoding/json/v2":    func(c *config) error { return wire.Unmarshal([]byte(asJSON), c) },
		"goccy/go-yaml":       func(c *config) error { return goccy.Unmarshal([]byte(asYAML), c) },
		"goccy/go-yaml, JSON": func(c *config) error { return goccy.Unmarshal([]byte(asJSON), c) },
		"yaml/v3":             func(c *config) error { return yaml.Unmarshal([]byte(asYAML), c) },
		"yaml/v3, JSON":       func(c *config) error { return yaml.Unmarshal([]byte(asJSON), c) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got config
			err := decode(&got)
			wantConfig(t, got, err)
		})
	}
}

// rows is a database with one row.
type rows struct {
	driver.Conn
	columns []driver.Value
}

func (r *rows) Open(string) (driver.Conn, error)           { return r, nil }
func (r *rows) Prepare(string) (driver.Stmt, error)        { return r, nil }
func (r *rows) NumInput() int                              { return 0 }
func (r *rows) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }
func (r *rows) Query([]driver.Value) (driver.Rows, error)  { return &rows{columns: r.columns}, nil }
func (r *rows) Close() error                               { return nil }
func (r *rows) Columns() []string                          { return []string{"a", "b", "c"} }
func (r *rows) Next(into []driver.Value) error {
	if r.columns == nil {
		return io.EOF
	}
	copy(into, r.columns)
	r.columns = nil
	return nil
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	sql.Register("secrettest", &rows{columns: []driver.Value{marker, []byte(marker), nil}})
	db, err := sql.Open("secrettest", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var text, bytes, null tenantkit.Secret
	if err := db.QueryRow("").Scan(&text, &bytes, &null); err != nil || text.Reveal() != marker || bytes.Reveal() != marker || !null.IsZero() {
		t.Errorf("got %q, %q, %q, %v", text.Reveal(), bytes.Reveal(), null.Reveal(), err)
	}
	var optional sql.Null[tenantkit.Secret]
	if err := db.QueryRow("").Scan(&optional, new(tenantkit.Secret), new(any)); err != nil || !optional.Valid || optional.V.Reveal() != marker {
		t.Errorf("sql.Null: %v, %v", optional, err)
	}
}
