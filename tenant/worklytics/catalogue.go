package worklytics

import "slices"

// Integrations returns the integrations that are known, in the order of their source: the connector specifications of Psoxy
// (github.com/Worklytics/psoxy, infra/modules/worklytics-connector-specs at 5f92cb261e6de07756cf0ba1f69590704d10e206, 2026-08-20),
// and its default for webhook collectors. The service's own list is not public.
func Integrations() []Integration {
	admin := func() []string { return []string{SettingAdminToImpersonate} }
	return []Integration{
		{IntegrationGoogleCalendar, "Google Calendar", AvailabilityGA, ShapeAPI, nil, admin()},
		{IntegrationGoogleDirectory, "Google Directory", AvailabilityGA, ShapeAPI, nil, admin()},
		{IntegrationGoogleDrive, "Google Drive", AvailabilityGA, ShapeAPI, nil, admin()},
		{IntegrationGmail, "Gmail", AvailabilityGA, ShapeAPI, nil, admin()},
		{IntegrationGoogleChat, "Google Chat", AvailabilityGA, ShapeAPI, nil, admin()},
		{IntegrationGoogleMeet, "Google Meet", AvailabilityGA, ShapeAPI, nil, admin()},
		{IntegrationGemini, "Gemini in Workspace Apps", AvailabilityBeta, ShapeAPI, nil, admin()},
		{IntegrationEntraID, "Microsoft Entra ID", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationOutlookCalendar, "Outlook Calendar", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationOutlookMail, "Outlook Mail", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationMicrosoftTeams, "Microsoft Teams", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationOneDrive, "Microsoft OneDrive", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationMicrosoftCopilot, "Microsoft Copilot", AvailabilityAlpha, ShapeAPI, nil, nil},
		{IntegrationAsana, "Asana", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationAtlassian, "Atlassian Organization", AvailabilityBeta, ShapeAPI, []string{SettingAtlassianOrganizationID}, nil},
		{IntegrationChatGPTEnterprise, "ChatGPT Enterprise", AvailabilityBeta, ShapeAsyncAPI, []string{SettingWorkspaceID}, nil},
		{IntegrationClaudeCode, "Claude Code", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationClaudeEnterpriseAnalytics, "Claude Enterprise Analytics", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationClaude, "Claude", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationCodexEnterpriseAnalytics, "Codex Enterprise Analytics", AvailabilityBeta, ShapeAPI, []string{SettingWorkspaceID}, nil},
		{IntegrationConfluenceCloud, "Confluence Cloud", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationCursor, "Cursor", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationDropboxBusiness, "Dropbox Business", AvailabilityDeprecated, ShapeAPI, nil, nil},
		{IntegrationGitHub, "GitHub Enterprise Cloud", AvailabilityGA, ShapeAPI, []string{SettingGitHubOrganization}, nil},
		{IntegrationGitHubCopilot, "GitHub Copilot", AvailabilityAlpha, ShapeAPI, []string{SettingGitHubOrganization}, nil},
		{IntegrationGitHubEnterpriseServer, "GitHub Enterprise Server", AvailabilityGA, ShapeAPI, []string{SettingGitHubOrganization}, nil},
		{IntegrationGitHubFreeTeam, "GitHub Free and Team", AvailabilityGA, ShapeAPI, []string{SettingGitHubOrganization}, nil},
		{IntegrationGitLab, "GitLab", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationGitLabManaged, "GitLab, self-managed", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationGlean, "Glean", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationGongMetrics, "Gong Metrics", AvailabilityBeta, ShapeAPI, nil, nil},
		{IntegrationJiraCloud, "Jira Cloud", AvailabilityGA, ShapeAPI, nil, []string{SettingCloudID}},
		{IntegrationJiraServer, "Jira Server", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationSalesforce, "Salesforce", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationSlackAnalytics, "Slack Analytics", AvailabilityAlpha, ShapeAsyncAPI, nil, nil},
		{IntegrationSlackDiscovery, "Slack Discovery API", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationWindsurf, "Windsurf", AvailabilityDeprecated, ShapeAPI, nil, nil},
		{IntegrationZoom, "Zoom", AvailabilityGA, ShapeAPI, nil, nil},
		{IntegrationBulkImport, "Bulk Import", AvailabilityGA, ShapeBulk, []string{SettingParserID}, nil},
		{IntegrationHRISImport, "HRIS Import", AvailabilityGA, ShapeBulk, []string{SettingParserID}, nil},
		{IntegrationMetricsImport, "Metrics Import", AvailabilityBeta, ShapeBulk, nil, nil},
		{IntegrationSurveyImport, "Survey Import", AvailabilityGA, ShapeBulk, nil, nil},
		{IntegrationWorkData, "Work Data, generic", AvailabilityBeta, ShapeBulk, nil, nil},
		{IntegrationSlackAIAnalytics, "Slack AI Analytics", AvailabilityAlpha, ShapeBulk, nil, nil},
		{IntegrationGleanCustomerEvents, "Glean Customer Events Log", AvailabilityBeta, ShapeBulk, nil, nil},
		{IntegrationWorkDataWebhook, "Work Data, generic, by webhook", "", ShapeWebhook, nil, nil},
	}
}

func findIntegration(id IntegrationID) (Integration, bool) {
	all := Integrations()
	at := slices.IndexFunc(all, func(i Integration) bool { return i.ID == id })
	if at < 0 {
		return Integration{}, false
	}
	return all[at], true
}
