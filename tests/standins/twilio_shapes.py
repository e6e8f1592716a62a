"""What Twilio takes, and the shapes that it answers in."""
import re
import time
import uuid
from email.utils import formatdate

VERSION = "2010-04-01"
E164 = re.compile(r"^\+[1-9]\d{6,14}$")
PAGE_PARAMETERS = {"PageSize", "Page", "PageToken"}
CALL_PARAMETERS = {
    "To", "From", "Url", "Twiml", "ApplicationSid", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackEvent",
    "StatusCallbackMethod", "SendDigits", "Timeout", "Record", "RecordingChannels", "RecordingStatusCallback", "RecordingStatusCallbackMethod",
    "SipAuthUsername", "SipAuthPassword", "MachineDetection", "MachineDetectionTimeout", "RecordingStatusCallbackEvent", "Trim", "CallerId",
    "MachineDetectionSpeechThreshold", "MachineDetectionSpeechEndThreshold", "MachineDetectionSilenceTimeout", "AsyncAmd",
    "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", "Byoc", "CallReason", "CallToken", "RecordingTrack", "TimeLimit"}
UPDATE_PARAMETERS = {"Url", "Method", "Status", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackMethod", "Twiml", "TimeLimit"}
MESSAGE_PARAMETERS = {
    "To", "From", "MessagingServiceSid", "Body", "MediaUrl", "ContentSid", "ContentVariables", "StatusCallback", "ApplicationSid", "MaxPrice",
    "ProvideFeedback", "Attempt", "ValidityPeriod", "ForceDelivery", "ContentRetention", "AddressRetention", "SmartEncoded",
    "PersistentAction", "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms", "RiskCheck", "TrafficType"}
TRANSCRIPT_FILTERS = {"ServiceSid", "BeforeStartTime", "AfterStartTime", "BeforeDateCreated", "AfterDateCreated", "Status", "LanguageCode", "SourceSid"}
MANY_TIMES = {"StatusCallbackEvent", "RecordingStatusCallbackEvent", "MediaUrl", "PersistentAction"}
OVER = ("completed", "busy", "failed", "no-answer", "canceled")


class Refused(Exception):
    """Twilio's error JSON."""

    def __init__(self, status, code, message):
        self.status, self.body = status, {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}


def sid(prefix):
    return prefix + uuid.uuid4().hex


def rfc2822(at=None):
    return formatdate(at or time.time(), usegmt=False).replace("-0000", "+0000")


def iso8601():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
