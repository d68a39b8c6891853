// Package worklytics administers the data connections of a Worklytics tenant through the Worklytics
// Tenant API, which its maker calls a beta.
//
// A data connection says where Worklytics gets the data of one source: from which instance of
// the tenant's pseudonymization proxy (Psoxy), and with which settings. [Integrations] lists the
// sources that are known.
//
//	client, err := worklytics.NewClient(worklytics.DefaultBaseURL, "116863361842113328137", tokens)
//	connection, err := client.CreateDataConnection(ctx, &worklytics.DataConnection{
//		IntegrationID: "gcal-psoxy",
//		Settings: worklytics.AWSProxy{
//			Endpoint: "https://abcdefgh.lambda-url.us-east-1.on.aws/",
//			Region:   "us-east-1",
//			RoleARN:  "arn:aws:iam::123456789012:role/PsoxyCaller",
//		}.Settings(),
//	})
//	// Keep connection.ID: the API has no list of connections.
//
// [Client.Reconcile] brings connections to a desired state and keeps their IDs in a store.
//
// The tenant is named by the unique ID of its service account, which the web app shows at
// /analytics/integrations/configuration. The tokens are ID tokens of a principal that was granted
// the role DataConnectionAdmin in Worklytics: from Google, with the audience [Audience] and an
// email, or from an Amazon Cognito identity pool. Package auth gets them:
//
//	tokens := auth.Cache(auth.GCloudIDToken(auth.GCloudOptions{
//		Audience:       worklytics.Audience,
//		ServiceAccount: "worklytics-tenant-api@acme.iam.gserviceaccount.com",
//	}))
//
// or
//
//	tokens := auth.Cache(auth.CognitoCLI(auth.CognitoOptions{
//		IdentityPoolID: "us-east-1:12345678-90ab-4cde-8f01-234567890abc",
//		Provider:       worklytics.DefaultHost,
//		User:           "john@acme.com",
//	}))
//
// The modules auth/gcpauth and auth/awsauth do so without the programs gcloud and aws. Where the
// service rejects a token, auth.CheckIDToken says what may be wrong with it.
//
// A call that fails returns a [*tenantkit.Error], and input that cannot be sent a
// [*tenantkit.ValidationError]. [errors.Is] with [tenantkit.ErrNotFound] and its siblings matches
// the kind of a rejection. [tenantkit.OutcomeOf] says whether a write took effect.
// [tenantkit.RetryPolicy] says which calls are retried: reads, and idempotent writes such as
// updates and deletions. A creation is retried only if it was certainly not applied.
//
// # What is documented, and what is not
//
// The API's documentation, https://docs.worklytics.co/knowledge-base/tenant-api, names the four
// calls, the object, its main settings and the statuses 200, 400, 403 and 404. Paths, the header of
// the tenant and further settings are those of the modules that Worklytics publishes
// (terraform-aws-worklytics, terraform-gcp-worklytics, psoxy). Where these leave something open,
// this package takes whatever may come, and sends back what it got: IDs as number or text, settings
// that are no text, unknown fields. Whether a path begins with /tenant or /tenant-api the modules
// do not agree on; hence [DefaultBaseURL] and [LegacyBaseURL].
//
// Package worklyticstest is a fake of the API.
package worklytics
