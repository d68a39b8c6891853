package worklytics

// IntegrationID names the kind of source of a data connection. The service may know others than the constants.
type IntegrationID string

// The integrations that are known; [Integrations] tells more of each.
const (
	IntegrationGoogleCalendar            IntegrationID = "gcal-psoxy"
	IntegrationGoogleDirectory           IntegrationID = "gdirectory-psoxy"
	IntegrationGoogleDrive               IntegrationID = "gdrive-psoxy"
	IntegrationGmail                     IntegrationID = "gmail-meta-psoxy"
	IntegrationGoogleChat                IntegrationID = "google-chat-psoxy"
	IntegrationGoogleMeet                IntegrationID = "google-meet-psoxy"
	IntegrationGemini                    IntegrationID = "gemini-in-workspace-apps-psoxy"
	IntegrationEntraID                   IntegrationID = "azure-ad-psoxy"
	IntegrationOutlookCalendar           IntegrationID = "outlook-cal-psoxy"
	IntegrationOutlookMail               IntegrationID = "outlook-mail-psoxy"
	IntegrationMicrosoftTeams            IntegrationID = "msft-teams-psoxy"
	IntegrationOneDrive                  IntegrationID = "msft-onedrive-psoxy"
	IntegrationMicrosoftCopilot          IntegrationID = "msft-copilot-psoxy"
	IntegrationAsana                     IntegrationID = "asana-psoxy"
	IntegrationAtlassian                 IntegrationID = "atlassian-organization-psoxy"
	IntegrationChatGPTEnterprise         IntegrationID = "chatgpt-enterprise-psoxy"
	IntegrationClaudeCode                IntegrationID = "claude-code-psoxy"
	IntegrationClaudeEnterpriseAnalytics IntegrationID = "claude-enterprise-analytics-psoxy"
	IntegrationClaude                    IntegrationID = "claude-psoxy"
	IntegrationCodexEnterpriseAnalytics  IntegrationID = "codex-enterprise-analytics-psoxy"
	IntegrationConfluenceCloud           IntegrationID = "confluence-cloud-psoxy"
	IntegrationCursor                    IntegrationID = "cursor-psoxy"
	IntegrationDropboxBusiness           IntegrationID = "dropbox-business-log-psoxy"
	IntegrationGitHub                    IntegrationID = "github-enterprise-psoxy"
	IntegrationGitHubCopilot             IntegrationID = "github-copilot-psoxy"
	IntegrationGitHubEnterpriseServer    IntegrationID = "github-enterprise-server-psoxy"
	IntegrationGitHubFreeTeam            IntegrationID = "github-free-team-psoxy"
	IntegrationGitLab                    IntegrationID = "gitlab-psoxy"
	IntegrationGitLabManaged             IntegrationID = "gitlab-managed-psoxy"
	IntegrationGlean                     IntegrationID = "glean-psoxy"
	IntegrationGongMetrics               IntegrationID = "gong-metrics-psoxy"
	IntegrationJiraCloud                 IntegrationID = "jira-cloud-psoxy"
	IntegrationJiraServer                IntegrationID = "jira-server-psoxy"
	IntegrationSalesforce                IntegrationID = "salesforce-psoxy"
	IntegrationSlackAnalytics            IntegrationID = "slack-analytics-psoxy"
	IntegrationSlackDiscovery            IntegrationID = "slack-discovery-api-psoxy"
	IntegrationWindsurf                  IntegrationID = "windsurf-psoxy"
	IntegrationZoom                      IntegrationID = "zoom-psoxy"
	IntegrationBulkImport                IntegrationID = "bulk-import-psoxy"
	IntegrationHRISImport                IntegrationID = "hris-import-psoxy"
	IntegrationMetricsImport             IntegrationID = "metrics-import-psoxy"
	IntegrationSurveyImport              IntegrationID = "survey-import-psoxy"
	IntegrationWorkData                  IntegrationID = "workdata-generic-psoxy"
	IntegrationSlackAIAnalytics          IntegrationID = "slack-ai-analytics-bulk-psoxy"
	IntegrationGleanCustomerEvents       IntegrationID = "glean-customer-events-log-bulk-psoxy"
	IntegrationWorkDataWebhook           IntegrationID = "work-data-generic-psoxy"
)

// Integration is what is known of one kind of source.
type Integration struct {
	// ID is what [DataConnection.IntegrationID] names it by.
	ID IntegrationID
	// Title is its name for people.
	Title string
	// Availability is empty where nothing is published about it.
	Availability Availability
	// Shape says how data comes from the proxy, and thereby which settings of the proxy are needed.
	Shape Shape
	// Required and Optional are the keys of settings beside those of the proxy.
	Required, Optional []string
}

// Availability says how mature an integration is.
type Availability string

// The availabilities that Psoxy's specifications know.
const (
	AvailabilityGA         Availability = "ga"
	AvailabilityBeta       Availability = "beta"
	AvailabilityAlpha      Availability = "alpha"
	AvailabilityDeprecated Availability = "deprecated"
)

// Shape says how the data of an integration comes from the proxy.
type Shape string

const (
	// ShapeAPI: Worklytics calls the source's API through the proxy's endpoint.
	ShapeAPI Shape = "api"
	// ShapeAsyncAPI: it calls the endpoint, and fetches the answers from a bucket.
	ShapeAsyncAPI Shape = "async api"
	// ShapeBulk: it reads files that the proxy has sanitized from a bucket.
	ShapeBulk Shape = "bulk"
	// ShapeWebhook: it reads what a webhook collector has gathered from a bucket.
	ShapeWebhook Shape = "webhook"
)

// RequiredSettings returns the keys of all settings that a connection of the integration needs when its proxy runs in the given
// cloud.
func (i Integration) RequiredSettings(cloud DeploymentKind) []string {
	keys := []string{SettingDeploymentKind}
	if cloud == DeploymentAWS {
		keys = append(keys, SettingAWSRegion, SettingAWSRoleARN)
	}
	switch i.Shape {
	case ShapeAPI:
		keys = append(keys, SettingEndpoint)
	case ShapeAsyncAPI:
		keys = append(keys, SettingEndpoint, SettingBucketName)
	case ShapeBulk, ShapeWebhook:
		keys = append(keys, SettingBucketName)
	}
	return append(keys, i.Required...)
}
