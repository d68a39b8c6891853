package worklytics

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// IntegrationID is the kind of source of a data connection. [Integrations] returns those that are
// known; the service may know others.
type IntegrationID string

// The integrations that programs treat on their own: those in most tenants, and the import of HR
// data, whose parser is fixed.
const (
	IntegrationGoogleDirectory IntegrationID = "gdirectory-psoxy"
	IntegrationAsana           IntegrationID = "asana-psoxy"
	IntegrationGitHub          IntegrationID = "github-enterprise-psoxy"
	IntegrationHRISImport      IntegrationID = "hris-import-psoxy"
)

// Integration describes one kind of source.
type Integration struct {
	// ID is the value of [DataConnection.IntegrationID].
	ID IntegrationID
	// Title is its name for people.
	Title string
	// Availability says how mature it is: "ga", "beta", "alpha" or "deprecated". It is empty if
	// nothing is published about it.
	Availability string
	// Shape says how data comes from the proxy, and thereby which settings of the proxy are
	// needed.
	Shape Shape
	// Required and Optional are the keys of settings besides those of the proxy.
	Required, Optional []string
}

// Shape says how the data of an integration comes from the proxy.
type Shape string

const (
	// ShapeAPI integrations are called through the proxy's endpoint.
	ShapeAPI Shape = "api"
	// ShapeAsyncAPI integrations are called through the endpoint, and respond in a bucket.
	ShapeAsyncAPI Shape = "async api"
	// ShapeBulk integrations are files in a bucket, which the proxy has sanitized.
	ShapeBulk Shape = "bulk"
	// ShapeWebhook integrations are events in a bucket, which a webhook collector has gathered.
	ShapeWebhook Shape = "webhook"
)

//go:embed catalogue.tsv
var catalogueFile string

// catalogue returns the integrations in the embedded file.
var catalogue = sync.OnceValue(func() (all []Integration) {
	for line := range strings.Lines(catalogueFile) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		column := strings.Split(line, "\t")
		for i := range column {
			column[i] = strings.Trim(column[i], "-\n")
		}
		all = append(all, Integration{
			ID: IntegrationID(column[0]), Title: column[1], Availability: column[2], Shape: Shape(column[3]),
			Required: strings.Fields(column[4]), Optional: strings.Fields(column[5]),
		})
	}
	return all
})

// Integrations returns the integrations that are known. They come from the connector specifications
// that Worklytics publishes, of 2026-08-20; the file catalogue.tsv has the source. The service's
// own list is not public.
func Integrations() []Integration {
	all := slices.Clone(catalogue())
	for i := range all {
		all[i].Required, all[i].Optional = slices.Clone(all[i].Required), slices.Clone(all[i].Optional)
	}
	return all
}

// RequiredSettings returns the keys of all settings that a connection of the integration needs if
// its proxy runs in the given cloud.
func (i Integration) RequiredSettings(cloud DeploymentKind) []string {
	keys := []string{SettingDeploymentKind}
	if cloud == DeploymentAWS {
		keys = append(keys, SettingAWSRegion, SettingAWSRoleARN)
	}
	if i.Shape == ShapeAPI || i.Shape == ShapeAsyncAPI {
		keys = append(keys, SettingEndpoint)
	}
	if i.Shape == ShapeAsyncAPI || i.Shape == ShapeBulk || i.Shape == ShapeWebhook {
		keys = append(keys, SettingBucketName)
	}
	return append(keys, i.Required...)
}

func (i Integration) has(key string) bool {
	return slices.Contains(i.Required, key) || slices.Contains(i.Optional, key)
}
