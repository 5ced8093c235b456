"""m365sim: a faithful simulator of Microsoft's identity platform and Microsoft Graph."""
