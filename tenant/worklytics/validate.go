package worklytics

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Validate checks the connection against the API's documentation and against what is known of its
// integration. It returns an [InvalidConnectionError] that lists all problems: settings that are
// missing, misspelled (letter case counts), malformed, or that contradict each other, the cloud of
// the proxy, or the integration. Unknown settings and integrations are no problems.
//
// The knowledge about integrations ([Integrations]) is not from the API's documentation, and the
// service may differ: the calls of [Client] do not insist on it.
func (d *DataConnection) Validate() error { return d.check("Validate", true) }

// check checks the connection against the API's documentation, and against the catalogue too if
// asked to.
func (d *DataConnection) check(operation string, byCatalogue bool) error {
	if d == nil {
		return &tenantkit.ValidationError{Service: service, Operation: operation, Field: "connection", Reason: "must not be nil"}
	}
	c := &checker{DataConnection: d, operation: operation, misspelled: make(map[string]bool)}
	c.checkFields()
	cloud := c.checkCloud()
	at := slices.IndexFunc(catalogue(), func(i Integration) bool { return i.ID == d.IntegrationID })
	if byCatalogue && at >= 0 {
		c.checkIntegration(catalogue()[at], cloud)
	} else {
		c.require("it is missing, and so is "+SettingBucketName+": Worklytics needs one of them", SettingEndpoint, SettingBucketName, SettingBucket)
	}
	if byCatalogue {
		c.checkSpelling()
		c.checkContradictions(cloud)
		c.checkValues()
	}
	if len(c.problems) == 0 {
		return nil
	}
	return &InvalidConnectionError{c.problems}
}

// checker collects the problems of a connection.
type checker struct {
	*DataConnection
	operation  string
	misspelled map[string]bool // keys that are among the problems
	problems   []*tenantkit.ValidationError
}

func (c *checker) add(field, format string, args ...any) {
	c.problems = append(c.problems, &tenantkit.ValidationError{Service: service, Operation: c.operation, Field: field, Reason: fmt.Sprintf(format, args...)})
}

func (c *checker) addSetting(key, format string, args ...any) {
	c.add("settings."+key, format, args...)
}

// value returns a setting without white space around it, which checkValues reports.
func (c *checker) value(key string) string { return strings.TrimSpace(c.Settings[key]) }

// require asks for a setting, which may go by several keys.
func (c *checker) require(reason string, keys ...string) {
	if slices.ContainsFunc(keys, func(key string) bool { return c.value(key) != "" }) {
		return
	}
	for _, key := range keys {
		if c.addMisspelled(func(found string) bool { return folded(found) == folded(key) }) {
			return
		}
	}
	c.addSetting(keys[0], "%s", reason)
}

func (c *checker) checkFields() {
	switch {
	case strings.TrimSpace(string(c.IntegrationID)) == "":
		c.add("integrationId", "it is missing")
	case rest.BadName(string(c.IntegrationID)) != "":
		c.add("integrationId", "%s", rest.BadName(string(c.IntegrationID)))
	}
	for _, name := range []string{"id", "integrationId", "settings"} {
		if _, ok := c.Extra[name]; ok {
			c.add("extra."+name, "it has a field of its own")
		}
	}
}

// checkCloud asks for what the API's documentation says of the clouds, and returns the cloud, empty
// if it is not known.
func (c *checker) checkCloud() DeploymentKind {
	c.require("it is missing: say where the proxy runs, AWS or GCP", SettingDeploymentKind)
	value := c.Settings[SettingDeploymentKind]
	cloud := DeploymentKind(strings.ToUpper(strings.TrimSpace(value)))
	switch {
	case cloud == "":
		return ""
	case cloud != DeploymentAWS && cloud != DeploymentGCP:
		c.addSetting(SettingDeploymentKind, "%q is neither AWS nor GCP", value)
		return ""
	case string(cloud) != value:
		c.addSetting(SettingDeploymentKind, "%q must be %s", value, cloud)
	}
	if cloud == DeploymentAWS {
		for _, key := range awsKeys {
			c.require("it is missing, and needed for a proxy in AWS", key)
		}
	}
	return cloud
}

// awsKeys are the settings of a proxy in AWS.
var awsKeys = []string{SettingAWSRegion, SettingAWSRoleARN}

// proxyKeys are the settings that any integration may have.
var proxyKeys = []string{SettingDeploymentKind, SettingEndpoint, SettingAWSRegion, SettingAWSRoleARN, SettingBucketName, SettingBucket}

// integrationKeys are the settings that only some integrations have.
var integrationKeys = []string{
	SettingParserID, SettingGitHubOrganization, SettingAdminToImpersonate, SettingAtlassianOrganizationID, SettingWorkspaceID, SettingCloudID,
}

// checkIntegration asks for what the integration needs beyond checkCloud, and reports settings that
// belong to others.
func (c *checker) checkIntegration(integration Integration, cloud DeploymentKind) {
	for _, key := range integration.RequiredSettings(cloud) {
		reason := fmt.Sprintf("it is missing, and needed by %s (%s)", integration.ID, integration.Shape)
		switch key {
		case SettingDeploymentKind, SettingAWSRegion, SettingAWSRoleARN:
		case SettingBucketName:
			c.require(reason, SettingBucketName, SettingBucket)
		default:
			c.require(reason, key)
		}
	}
	for _, key := range integrationKeys {
		if _, ok := c.Settings[key]; !ok || integration.has(key) {
			continue
		}
		// Which bulk imports need a parser is published, and not that others have none.
		if key == SettingParserID && integration.Shape == ShapeBulk {
			continue
		}
		c.addSetting(key, "%s has no such setting; it belongs to %s", integration.ID, owners(key))
	}
}

// owners returns the integrations that have the setting.
func owners(key string) string {
	var ids string
	for _, integration := range catalogue() {
		if integration.has(key) {
			ids += ", " + string(integration.ID)
		}
	}
	return strings.TrimPrefix(ids, ", ")
}

// spelling returns how the known setting is written that the key means.
func spelling(key string) (right string, known bool) {
	for _, right := range slices.Concat(proxyKeys, integrationKeys) {
		if folded(right) == folded(key) {
			return right, true
		}
	}
	return "", false
}

// folded returns what is left of a key when only letters and digits count, and not their case.
func folded(key string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(key))
}

func (c *checker) checkSpelling() {
	c.addMisspelled(func(string) bool { return true })
	for _, key := range slices.Sorted(maps.Keys(c.OtherSettings)) {
		if _, isText := c.Settings[key]; !isText && slices.Contains(slices.Concat(proxyKeys, integrationKeys), key) {
			c.addSetting(key, "it is %s, and must be text", c.OtherSettings[key])
		}
	}
}

// addMisspelled adds the keys that differ from a known one only by case, hyphens and the like, each
// once, and reports whether there are any.
func (c *checker) addMisspelled(which func(key string) bool) (found bool) {
	keys := slices.Concat(slices.Collect(maps.Keys(c.Settings)), slices.Collect(maps.Keys(c.OtherSettings)))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		right, known := spelling(key)
		if !known || key == right || !which(key) {
			continue
		}
		found = true
		if !c.misspelled[key] {
			c.misspelled[key] = true
			c.addSetting(key, "it is misspelled: the key is %s, and letter case counts", right)
		}
	}
	return found
}

// Ends of the host names that AWS and GCP give to functions.
var (
	awsHosts = []string{".on.aws", ".amazonaws.com"}
	gcpHosts = []string{".cloudfunctions.net", ".run.app"}
)

func (c *checker) checkContradictions(cloud DeploymentKind) {
	if cloud == DeploymentGCP {
		for _, key := range awsKeys {
			if _, ok := c.Settings[key]; ok {
				c.addSetting(key, "it contradicts %s, which is GCP", SettingDeploymentKind)
			}
		}
	}
	name, other := c.value(SettingBucketName), c.value(SettingBucket)
	if name != "" && other != "" && name != other {
		c.addSetting(SettingBucket, "it contradicts %s, which means the same", SettingBucketName)
	}
	host := hostOf(c.value(SettingEndpoint))
	isIn := func(ends []string) bool {
		return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(host, end) })
	}
	switch {
	case cloud == DeploymentAWS && isIn(gcpHosts), cloud == DeploymentGCP && isIn(awsHosts):
		c.addSetting(SettingEndpoint, "its host %s contradicts %s, which is %s", host, SettingDeploymentKind, cloud)
	case cloud == DeploymentAWS && isIn(awsHosts):
		// <id>.lambda-url.<region>.on.aws, <id>.execute-api.<region>.amazonaws.com
		labels := strings.Split(host, ".")
		if region := c.value(SettingAWSRegion); region != "" && len(labels) == 5 && labels[2] != region {
			c.addSetting(SettingEndpoint, "its host is in %s, which contradicts %s, which is %s", labels[2], SettingAWSRegion, region)
		}
	}
}

// hostOf returns the host of an absolute URL of http or https in lower case, and nothing for other
// text.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// hrisParser is the parser that Psoxy's connector specifications give to each HRIS import.
const hrisParser = "EMPLOYEE_SNAPSHOT"

func (c *checker) checkValues() {
	if endpoint := c.value(SettingEndpoint); endpoint != "" && hostOf(endpoint) == "" {
		c.addSetting(SettingEndpoint, "%q is not an absolute URL of https or http", endpoint)
	}
	if arn := c.value(SettingAWSRoleARN); arn != "" && (!strings.HasPrefix(arn, "arn:") || !strings.Contains(arn, ":role/")) {
		c.addSetting(SettingAWSRoleARN, "%q is not the ARN of a role", arn)
	}
	if parser := c.value(SettingParserID); c.IntegrationID == IntegrationHRISImport && parser != "" && parser != hrisParser {
		c.addSetting(SettingParserID, "%q must be %s, the one parser that is known of %s", parser, hrisParser, IntegrationHRISImport)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Settings)) {
		if _, known := spelling(key); known && key != SettingDeploymentKind && c.Settings[key] != c.value(key) {
			c.addSetting(key, "there is white space around its value")
		}
	}
}
