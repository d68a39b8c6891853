package worklytics

import "maps"

// The keys of [DataConnection.Settings] that are known. Letter case counts. The service may know
// others, which can be set as well.
const (
	// SettingDeploymentKind says in which cloud the proxy runs, as a [DeploymentKind]. Always
	// needed.
	SettingDeploymentKind = "PROXY_DEPLOYMENT_KIND"
	// SettingEndpoint is the base URL of the proxy instance, with the slash at its end that
	// Psoxy gives it. It is sent as it is.
	SettingEndpoint = "PROXY_ENDPOINT"
	// SettingAWSRegion is the region of a proxy in AWS: "us-east-1".
	SettingAWSRegion = "PROXY_AWS_REGION"
	// SettingAWSRoleARN is the role that Worklytics takes to call a proxy in AWS, or to read
	// its bucket.
	SettingAWSRoleARN = "PROXY_AWS_ROLE_ARN"
	// SettingBucketName is the bucket of a proxy's sanitized output.
	SettingBucketName = "PROXY_BUCKET_NAME"
	// SettingBucket is the name that the last versions of Worklytics' Terraform modules give to
	// SettingBucketName, in contradiction to the web app and to Psoxy.
	SettingBucket = "PROXY_BUCKET"
	// SettingParserID names the parser of bulk data: "badge", or one of your own. Of
	// [IntegrationHRISImport] it is "EMPLOYEE_SNAPSHOT".
	SettingParserID = "parserId"
	// SettingGitHubOrganization is the name of a GitHub organization.
	SettingGitHubOrganization = "GITHUB_ORGANIZATION"
	// SettingAdminToImpersonate is the account of a Google Workspace administrator.
	SettingAdminToImpersonate = "ADMIN_TO_IMPERSONATE"
	// SettingAtlassianOrganizationID is the ID of an Atlassian organization.
	SettingAtlassianOrganizationID = "ATLASSIAN_ORGANIZATION_ID"
	// SettingWorkspaceID is the ID of a ChatGPT workspace.
	SettingWorkspaceID = "WORKSPACE_ID"
	// SettingCloudID is the ID of a Jira site, which Psoxy gave to Jira connections until
	// November 2024.
	SettingCloudID = "CLOUD_ID"
)

// DeploymentKind is a cloud that a proxy runs in.
type DeploymentKind string

// The clouds of the documentation.
const (
	DeploymentAWS DeploymentKind = "AWS"
	DeploymentGCP DeploymentKind = "GCP"
)

// AWSProxy is a proxy instance in AWS. What is empty is no setting: connections that call an API
// need Endpoint, those that import files or collect webhooks need Bucket, and asynchronous ones
// need both.
type AWSProxy struct {
	// Endpoint is the base URL of the instance, as Psoxy prints it ("Psoxy Base URL").
	Endpoint string
	// Region is the AWS region: "us-east-1".
	Region string
	// RoleARN is the role that Worklytics takes.
	RoleARN string
	// Bucket is the bucket of the sanitized output.
	Bucket string
}

// Settings returns a new map with the proxy's settings. Add those of the integration to it.
func (p AWSProxy) Settings() map[string]string {
	return withoutEmpty(map[string]string{
		SettingDeploymentKind: string(DeploymentAWS),
		SettingEndpoint:       p.Endpoint,
		SettingAWSRegion:      p.Region,
		SettingAWSRoleARN:     p.RoleARN,
		SettingBucketName:     p.Bucket,
	})
}

// GCPProxy is a proxy instance in GCP. What is empty is no setting, see [AWSProxy].
type GCPProxy struct {
	// Endpoint is the base URL of the instance, as Psoxy prints it ("Psoxy Base URL").
	Endpoint string
	// Bucket is the bucket of the sanitized output.
	Bucket string
}

// Settings returns a new map with the proxy's settings. Add those of the integration to it.
func (p GCPProxy) Settings() map[string]string {
	return withoutEmpty(map[string]string{
		SettingDeploymentKind: string(DeploymentGCP),
		SettingEndpoint:       p.Endpoint,
		SettingBucketName:     p.Bucket,
	})
}

func withoutEmpty(settings map[string]string) map[string]string {
	maps.DeleteFunc(settings, func(_, value string) bool { return value == "" })
	return settings
}
