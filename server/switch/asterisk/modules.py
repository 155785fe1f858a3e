"""Which Asterisk modules are loaded: those that are needed and no others (`autoload=no`).

Two of them look dispensable and are not: without `res_pjsip_outbound_publish` and `res_websocket_client`
other modules fail on an undefined symbol, and Asterisk starts without its REST interface. That is why
`REQUIRED_AT_START` is checked after each start.
"""

_FOUNDATION = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_crypto res_http_websocket
res_websocket_client pbx_config func_channel func_callerid
"""
_SIP = """
res_pjproject res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_authenticator_digest
res_pjsip_outbound_authenticator_digest res_pjsip_outbound_publish res_pjsip_outbound_registration
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_registrar res_pjsip_refer
res_pjsip_nat res_pjsip_caller_id res_pjsip_rfc3326 res_pjsip_header_funcs
res_pjsip_notify res_pjsip_pubsub res_pjsip_dtmf_info res_pjsip_path res_pjsip_acl res_pjsip_dlg_options
res_pjsip_logger func_pjsip_aor func_pjsip_contact func_pjsip_endpoint chan_pjsip
"""
_LAMPS = """
res_pjsip_exten_state res_pjsip_dialog_info_body_generator res_pjsip_mwi
res_pjsip_mwi_body_generator app_minivm
"""
_MEDIA = """
res_rtp_asterisk res_srtp chan_bridge_media bridge_simple bridge_softmix bridge_holding bridge_native_rtp
codec_ulaw codec_alaw codec_g722 codec_gsm codec_resample format_pcm format_wav format_gsm format_sln
res_musiconhold
"""
_REST = """
app_stasis res_stasis res_stasis_answer res_stasis_playback res_stasis_recording res_stasis_snoop
res_stasis_device_state res_ari res_ari_model res_ari_applications res_ari_asterisk res_ari_bridges
res_ari_channels res_ari_device_states res_ari_endpoints res_ari_events res_ari_playbacks res_ari_recordings
res_ari_sounds
"""

MODULES: tuple[str, ...] = tuple(f"{_FOUNDATION} {_SIP} {_LAMPS} {_MEDIA} {_REST}".split())
"""Names without `.so`, in load order."""

REQUIRED_AT_START: frozenset[str] = frozenset(MODULES)
"""What must report `Running` before the switch is called up."""
