"""Products that cost nothing, so that a seat of theirs is no seat to save.

Part numbers of Microsoft's self-service, trial and zero-price products (its pages on self-service sign-up and on each
product; as of August 2026). What is not listed counts as paid.
"""

FREE_PART_NUMBERS = frozenset(
    {
        "CCIBOTS_PRIVPREV_VIRAL",
        "CPC_B_1C_2RAM_64GB_WHB",
        "DYN365_CUSTOMER_INSIGHTS_VIRAL",
        "Dynamics_365_Customer_Service_Enterprise_viral_trial",
        "FLOW_FREE",
        "FORMS_PRO",
        "MICROSOFT_BUSINESS_CENTER",
        "Microsoft_Teams_Rooms_Basic",
        "PHONESYSTEM_VIRTUALUSER",
        "POWERAPPS_DEV",
        "POWERAPPS_INDIVIDUAL_USER",
        "POWERAPPS_PER_APP_IW",
        "POWERAPPS_VIRAL",
        "POWER_BI_STANDARD",
        "PROJECT_MADEIRA_PREVIEW_IW_SKU",
        "Power_Pages_vTrial_for_Makers",
        "RIGHTSMANAGEMENT_ADHOC",
        "SMB_APPS",
        "SPZA_IW",
        "STREAM",
        "TEAMS_COMMERCIAL_TRIAL",
        "TEAMS_EXPLORATORY",
        "TEAMS_FREE",
        "WINDOWS_STORE",
    }
)
