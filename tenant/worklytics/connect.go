package worklytics

import "net/url"

// ConnectURL returns the address in the web app on host ([DefaultHost] in production) where a
// person can create the connection, with its settings filled in: for those who may not call the
// API. Nothing is sent. OtherSettings are left out, and the ID is ignored. Do not put secrets into
// an address.
//
// The form is that of the links that Psoxy's Terraform modules make
// (infra/modules/worklytics-proxy-connection-generic). A connection without an integration or
// without [SettingDeploymentKind], and an invalid host, are a [tenantkit.ValidationError].
func ConnectURL(host string, connection *DataConnection) (string, error) {
	invalid := func(field, reason string) (string, error) { return "", connectURL.Invalid(field, "%s", reason) }
	if u, err := url.Parse("https://" + host); err != nil || host == "" || u.Host != host || u.Hostname() == "" {
		return invalid("host", "it must be a host such as "+DefaultHost+", without a scheme or a path")
	}
	switch {
	case connection == nil:
		return invalid("connection", "it is nil")
	case connection.IntegrationID == "":
		return invalid("integrationId", "it is missing")
	case connection.IntegrationID == "." || connection.IntegrationID == "..":
		return invalid("integrationId", "it is a step in a path, not a name")
	case connection.Settings[SettingDeploymentKind] == "":
		return invalid("settings."+SettingDeploymentKind, "it is missing: say where the proxy runs, AWS or GCP")
	}
	query := make(url.Values, len(connection.Settings))
	for key, value := range connection.Settings {
		query.Set(key, value)
	}
	return "https://" + host + "/analytics/connect/" + url.PathEscape(string(connection.IntegrationID)) + "/settings?" + query.Encode(), nil
}
