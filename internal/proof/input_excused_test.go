package proof

// What follows are the exceptions from the tests of bad input, with their reasons.

// mayStayEmpty are places that good input leaves empty.
var mayStayEmpty = map[string]bool{
	"connection.ID":                 true, // of a new connection: the service makes it
	"connection.NumericID":          true,
	"user.APIKey":                   true, // of a new user: the server makes it
	"project.KeboolaToken":          true, // it or CustomToken
	"options.Resume":                true, // it is tried in a call of its own
	"options.Resume.Operation":      true,
	"options.Resume.Settled":        true,
	"options.Resume.Done":           true,
	"options.Resume.Refused":        true,
	"options.Resume.First":          true,
	"options.Resume.First.Items":    true,
	"options.Resume.First.Checksum": true,
	"options.Resume.Settled.0.From": true,
	"options.Checkpoint":            true, // it takes the place of Resume
}

// notRefused are places, or the last parts of places, that take what others must refuse, or are not
// sent as they are.
var notRefused = map[string]bool{
	// Made by the server, and not sent.
	"tenant.ID": true, "user.ID": true, "tenant.Info.Created": true, "tenant.Info.Updated": true, "tenant.Users.0.ID": true,
	// Negative means no bound.
	"MaxRefused": true, "MaxFailed": true,
	// A header takes any bytes, as they are.
	"token": true,
	// Sent in the form of the service, see the tests of the package.
	"connection.OtherSettings[]": true,
}

// alsoNamed are names of Fields that stand for places of another name.
var alsoNamed = map[string]string{
	"credentials":          "client", // of a client of Infoworks that has none
	"tenant":               "desired",
	"nextPageToken":        "options.Next",
	"project.keboolaToken": "project.CustomToken", // one of the two must be given
	"project.customToken":  "project.KeboolaToken",
}

// refusedByServer are calls whose good input a fake refuses: it is good all the same.
var refusedByServer = map[string]bool{
	"ListProjects": true, "ListUsers": true, // there is no such page
	"AcknowledgeRoles, resumed": true, // there is no such run
}
