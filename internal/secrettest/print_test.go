package secrettest

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/davecgh/go-spew/spew"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tenantkit/tenantkit"
)

// eachValue runs a subtest for each value.
func eachValue(t *testing.T, test func(t *testing.T, value any)) {
	t.Helper()
	t.Parallel()
	for name, value := range values() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, value)
		})
	}
}

func TestFmt(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		for verb := '!'; verb <= '~'; verb++ {
			if strings.ContainsRune("#+-.0123456789*[%", verb) {
				continue
			}
			for _, flags := range []string{"", "+", "#", " ", "0", "-", "20", ".3", "#+", "# 20.3", "+-#0 5.2"} {
				format := "%" + flags + string(verb)
				wantHidden(t, format, fmt.Sprintf(format, value))
			}
		}
		wantHidden(t, "surplus", fmt.Sprintf(strings.Clone("x"), value))
		wantHidden(t, "Sprint", fmt.Sprint(value, value))
		wantHidden(t, "Sprintln", fmt.Sprintln(value))
		wantHidden(t, "Errorf", fmt.Errorf("failed: %v", value).Error())
		wantHidden(t, "Append", string(fmt.Append(nil, value)))
	})
}

func TestSlog(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		var b bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			slog.New(handler).With("with", value).WithGroup("g").Info("message", "value", value, slog.Group("deep", slog.Any("value", value)))
		}
		wantHidden(t, "slog", b.String())
		if b.Len() < 200 {
			t.Errorf("logged %s", &b)
		}
	})
}

func TestZap(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		for name, encoder := range map[string]zapcore.Encoder{
			"JSON": zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), "console": zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()),
		} {
			var b bytes.Buffer
			logger := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&b), zap.DebugLevel))
			logger.With(zap.Any("with", value)).Info("message", zap.Any("any", value), zap.Reflect("reflect", value))
			logger.Sugar().Infow("message", "value", value)
			logger.Sugar().Infof("%v %+v %#v", value, value, value)
			wantHidden(t, name, b.String())
			if b.Len() < 100 {
				t.Errorf("%s logged %s", name, &b)
			}
		}
	})
}

func TestZerolog(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		var b bytes.Buffer
		logger := zerolog.New(&b)
		logger.Info().Any("any", value).Interface("interface", value).Msgf("%v", value)
		logger.Info().Fields(map[string]any{"field": value}).Send()
		if secret, ok := value.(tenantkit.Secret); ok {
			logger.Info().Stringer("stringer", secret).Send()
		}
		wantHidden(t, "zerolog", b.String())
		if b.Len() < 50 {
			t.Errorf("logged %s", &b)
		}
	})
}

func TestLogrus(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		for name, formatter := range map[string]logrus.Formatter{"text": &logrus.TextFormatter{DisableColors: true}, "JSON": &logrus.JSONFormatter{}} {
			var b bytes.Buffer
			logger := logrus.New()
			logger.Out, logger.Formatter = &b, formatter
			logger.WithField("value", value).Infof("%v", value)
			logger.Info(value)
			wantHidden(t, name, b.String())
			if b.Len() < 50 {
				t.Errorf("%s logged %s", name, &b)
			}
		}
	})
}

func TestSpew(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		for _, config := range []spew.ConfigState{{Indent: " "}, {Indent: " ", DisableMethods: true}, {Indent: " ", DisablePointerMethods: true, SpewKeys: true, SortKeys: true}} {
			wantHidden(t, "Sdump", config.Sdump(value))
			wantHidden(t, "Sprintf", config.Sprintf("%v %+v %#v %#+v", value, value, value, value))
		}
	})
}

func TestGoCmp(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		exporter := cmp.Exporter(func(reflect.Type) bool { return true })
		wantHidden(t, "another type", cmp.Diff(value, 7, exporter))
		wantHidden(t, "nil", cmp.Diff(value, nil, exporter))
		wantHidden(t, "equal", cmp.Diff(value, value, exporter))
	})
	t.Run("another secret", func(t *testing.T) {
		a, b := newVault(), newVault()
		b.Secret, b.in.hidden, b.List[0] = tenantkit.NewSecret("other"), tenantkit.NewSecret("other"), tenantkit.NewSecret("other")
		diff := cmp.Diff(a, b, cmp.Exporter(func(reflect.Type) bool { return true }))
		wantRedacted(t, "diff", diff)
	})
}

// recorder keeps the failures of an assertion.
type recorder struct{ text strings.Builder }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(&r.text, format, args...) }

func TestTestify(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		var r recorder
		assert.Equal(&r, value, 7)
		assert.Equal(&r, newVault(), value)
		assert.EqualValues(&r, "x", value)
		assert.Nil(&r, value)
		assert.Empty(&r, value)
		assert.Contains(&r, value, "x")
		assert.NotEqual(&r, value, value)
		assert.ElementsMatch(&r, []any{value}, []any{7})
		assert.Len(&r, value, 99)
		assert.Fail(&r, "failed", "with %v, %+v, %#v", value, value, value)
		wantHidden(t, "testify", r.text.String())
		if r.text.Len() < 500 {
			t.Errorf("the failures are %s", r.text.String())
		}
	})
}

func TestTemplates(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		var b bytes.Buffer
		if err := texttemplate.Must(texttemplate.New("").Parse(`x{{.}} {{printf "%v %+v %#v %x" . . . .}} {{print .}} {{html .}} {{js .}} {{urlquery .}}`)).Execute(&b, value); err != nil {
			t.Errorf("text/template: %v", err)
		}
		if err := htmltemplate.Must(htmltemplate.New("").Parse(`<a title="{{.}}" href="/?q={{.}}">{{.}}</a><script>var x = {{.}};</script><style>a { color: {{.}} }</style>`)).Execute(&b, value); err != nil {
			t.Logf("html/template: %v", err) // a value that cannot be JSON
		}
		wantHidden(t, "templates", b.String())
	})
}
